"""What natsbin raises. Every class is also of a built-in kind that callers of ``nats_bench`` catch."""

from __future__ import annotations

import pickle


class NatsbinError(Exception):
    """The base class of all errors of natsbin."""


class ArchiveError(NatsbinError, ValueError):
    """An archive or a record in it is not as published; the text names file, field, value and what was expected."""


class NoArchiveError(ArchiveError, FileNotFoundError):
    """The path of an archive does not exist."""


class UnsafePickleError(ArchiveError, pickle.UnpicklingError):
    """A pickle asks for something that no archive contains; nothing of it was executed."""


class ArchitectureError(NatsbinError, ValueError):
    """Not an architecture, network configuration or network input of the search space in question."""


class StoreError(NatsbinError, OSError):
    """A store is damaged, cut short, of another format version, or not a store."""


class OutputError(NatsbinError, OSError):
    """An output cannot be written: it exists already, or the disk is full or read-only."""


class QuestionError(NatsbinError, ValueError, KeyError, AssertionError, TypeError):
    """A question about something that does not exist; the text lists what exists.

    ``nats_bench`` raises one or another of these built-in errors for such a question, depending on the mode that
    it was opened in. This class is all of them, so that the same ``except`` catches it.
    """

    __str__ = Exception.__str__  # a KeyError would print its text quoted


class MissingError(NatsbinError, ValueError, FileNotFoundError):
    """No archive or store was found; the text lists where natsbin looked."""


class NoWeightsWarning(UserWarning):
    """Trained weights were asked for, but the archive that was converted has none."""
