"""What natsbin raises. Every class is also of a built-in kind that callers of ``nats_bench`` catch."""

from __future__ import annotations

import pickle


class NatsbinError(Exception):
    """Anything that natsbin refuses, in words."""


class ArchiveError(NatsbinError, ValueError):
    """An archive or a record in it is not as published; the text names file, field, value and what was expected."""


class NoArchiveError(ArchiveError, FileNotFoundError):
    """There is nothing at the path of an archive."""


class UnsafePickleError(ArchiveError, pickle.UnpicklingError):
    """A pickle asks for something that no archive contains; nothing of it was executed."""


class ArchitectureError(NatsbinError, ValueError):
    """No architecture, network configuration or network input of the search space meant."""


class StoreError(NatsbinError, OSError):
    """A store is damaged, cut short, of another format version, or not a store."""


class OutputError(NatsbinError, OSError):
    """An output cannot be written: it exists already, or the disk refuses."""


class QuestionError(NatsbinError, ValueError, KeyError, AssertionError, TypeError):
    """A question about something that is not there; the text lists what there is.

    ``nats_bench`` answers such questions with any of these built-in errors, depending on the mode that
    it was opened in, so this is all of them.
    """

    __str__ = Exception.__str__  # a KeyError would print its text quoted


class MissingError(NatsbinError, ValueError, FileNotFoundError):
    """No archive or store where one was looked for; the text says where that was."""


class NoWeightsWarning(UserWarning):
    """Trained weights were asked for where an archive without them was converted."""
