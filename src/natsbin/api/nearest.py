"""Words about an architecture string that is in no search space: the nearest that are."""

from __future__ import annotations

import itertools
import re

from natsbin.errors import QuestionError
from natsbin.spaces import CHANNELS, OPERATIONS, SearchSpace

_SUGGESTED = 3


def unknown_architecture(string: str, space: SearchSpace) -> QuestionError:
    """The error about a string that is no architecture of a space."""
    found = nearest(string, space)
    if found:
        advice = f"did you mean {' or '.join(map(repr, found))}?"
    else:
        advice = f"expected {space.digits} places as in {space.string((0,) * space.digits)!r}"
    return QuestionError(f"{string!r} is no architecture of the {space.title} search space: {advice}")


def nearest(string: str, space: SearchSpace) -> list[str]:
    """Up to three architecture strings with the places of ``string`` spelled right; empty where it has other places."""
    if space.name == "tss":
        choices = [_operations(word) for word in re.findall(r"([^|+~]+)~\d+", string)]
    else:
        choices = [_channels(int(word)) for word in re.findall(r"\d+", string)]
    if len(choices) != space.digits or not all(choices):
        return []
    combined = sorted(itertools.product(*(enumerate(one) for one in choices)), key=lambda one: sum(n for n, _ in one))
    return [space.string(tuple(digit for _, digit in one)) for one in combined[:_SUGGESTED]]


def _operations(word: str) -> list[int]:
    """The digits of the operations that are spelled most alike."""
    from difflib import get_close_matches  # it takes some time, and few programs mistype

    found = [word] if word in OPERATIONS else get_close_matches(word, OPERATIONS, 2, 0.5)
    return [OPERATIONS.index(one) for one in found]


def _channels(number: int) -> list[int]:
    """The digits of the nearest numbers of channels."""
    found = sorted(CHANNELS, key=lambda one: abs(one - number))
    return [CHANNELS.index(one) for one in found[: 1 if found[0] == number else 2]]
