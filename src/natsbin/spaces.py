"""The two search spaces as NATS-Bench defines them: names, sample counts, and the official order of architectures.

The order ties an index to the digits of an architecture: the size space counts up in base 8 over
its channels, the topology space is the lexical order of its cells under one fixed permutation.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from functools import cached_property

from natsbin.errors import ArchitectureError, QuestionError

BATCH_SIZE = 256  # of every training and evaluation run behind NATS-Bench

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
"""Operations of the topology space; an operation's position is its digit."""

CHANNELS = (8, 16, 24, 32, 40, 48, 56, 64)
"""Channels of the size space; a channel's position is its digit."""

SAMPLES: dict[tuple[str, str], int] = {
    ("cifar10-valid", "train"): 25_000,
    ("cifar10-valid", "x-valid"): 25_000,
    ("cifar10-valid", "ori-test"): 10_000,
    ("cifar10", "train"): 50_000,
    ("cifar10", "ori-test"): 10_000,
    ("cifar100", "train"): 50_000,
    ("cifar100", "x-valid"): 5_000,
    ("cifar100", "x-test"): 5_000,
    ("cifar100", "ori-test"): 10_000,
    ("ImageNet16-120", "train"): 151_700,
    ("ImageNet16-120", "x-valid"): 3_000,
    ("ImageNet16-120", "x-test"): 3_000,
    ("ImageNet16-120", "ori-test"): 6_000,
}
"""Samples behind each average, by (dataset, set)."""

DATASETS = ("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120")


def sets_of(dataset: str) -> tuple[str, ...]:
    """The sets of a dataset, ``train`` first."""
    return tuple(name for data, name in SAMPLES if data == dataset)


def hp_name(hp: str | int, have: Collection[str] = ()) -> str:
    """The name of a hyper-parameter set, given as a string or a number, padded or not: 1 is ``01``.

    A name among those that there are is taken as it is.
    """
    name = hp if isinstance(hp, str) else str(hp)
    return name if len(name) != 1 or name in have else f"0{name}"


class SearchSpace:
    """One of the two search spaces.

    An architecture is a row of ``digits`` digits in base ``base``; ``string`` writes it as NATS-Bench does.

    Attributes:
        name: ``tss`` or ``sss``.
        title: ``topology`` or ``size``.
        epochs: of each hyper-parameter set ``hp``.
        archive_name: of the published archives, before ``-simple``, ``-full`` or ``.pickle.pbz2``.
        order_digest: SHA-256 of all architecture strings in official order, a newline between any two.
    """

    def __init__(
        self,
        name: str,
        title: str,
        base: int,
        digits: int,
        epochs: dict[str, int],
        archive_name: str,
        order_digest: str,
    ):
        self.name, self.title, self.base, self.digits = name, title, base, digits
        self.epochs, self.archive_name, self.order_digest = epochs, archive_name, order_digest

    def __reduce__(self) -> str:
        return self.name.upper()  # there is one of each

    def __len__(self) -> int:
        return int(self.base**self.digits)

    @cached_property
    def _pieces(self) -> list[list[str]]:
        """What each digit of each place writes: architecture strings are such pieces, one after another."""
        if self.name == "sss":
            return [[f"{':' if place else ''}{channel}" for channel in CHANNELS] for place in range(self.digits)]
        around = [("|", "~0|"), ("+|", "~0|"), ("", "~1|"), ("+|", "~0|"), ("", "~1|"), ("", "~2|")]
        return [[f"{before}{operation}{after}" for operation in OPERATIONS] for before, after in around]

    def string(self, digits: tuple[int, ...]) -> str:
        """The architecture string of a row of digits, as in ``meta_archs``."""
        return "".join([pieces[digit] for pieces, digit in zip(self._pieces, digits, strict=True)])

    def parse(self, string: str) -> tuple[int, ...]:
        """The digits of an architecture string: the inverse of ``string``.

        Raises ArchitectureError where the string is not exactly as ``string`` writes one.
        """
        if self.name == "sss":
            words, alphabet = string.split(":"), [str(channel) for channel in CHANNELS]
        else:
            words, alphabet = [word.partition("~")[0] for word in string.split("|")], list(OPERATIONS)
            words = [word for word in words if word not in ("", "+")]
        if len(words) == self.digits and all(word in alphabet for word in words):
            digits = tuple(alphabet.index(word) for word in words)
            if self.string(digits) == string:
                return digits
        raise ArchitectureError(
            f"no architecture of the {self.title} space: {string!r}; expected {self.digits} places "
            f"as in {self.string((0,) * self.digits)!r}, each one of {', '.join(alphabet)}"
        )

    def digits_of_rank(self, rank: int) -> tuple[int, ...]:
        """The digits of a number in base ``base``, the most significant first."""
        digits = []
        for _ in range(self.digits):
            rank, digit = divmod(rank, self.base)
            digits.append(digit)
        return tuple(reversed(digits))

    @cached_property
    def rank_of_index(self) -> list[int]:
        """The number that an architecture's digits write, by official index."""
        ranks = list(range(len(self)))
        if self.name == "tss":
            random.Random(88).shuffle(ranks)  # made once by the benchmark's authors; size archives count up
        return ranks

    def is_official(self, archs: Sequence[str]) -> bool:
        """Whether these are all architecture strings in official order, without making those."""
        if len(archs) != len(self) or any(type(arch) is not str for arch in archs):
            return False
        from hashlib import sha256

        return sha256("\n".join(archs).encode("utf-8", "replace")).hexdigest() == self.order_digest

    @cached_property
    def architectures(self) -> list[str]:
        """All architecture strings in official order, equal to a published archive's ``meta_archs``."""
        by_rank = [""]
        for pieces in self._pieces:
            by_rank = [start + piece for start in by_rank for piece in pieces]
        return [by_rank[rank] for rank in self.rank_of_index]


TSS = SearchSpace(
    "tss",
    "topology",
    5,
    6,
    {"12": 12, "200": 200},
    "NATS-tss-v1_0-3ffb9",
    "83abc799e45cf34e9d2163654668ab998b9a54d01c39e72ca1f71f2cdf356d84",
)
SSS = SearchSpace(
    "sss",
    "size",
    8,
    5,
    {"01": 1, "12": 12, "90": 90},
    "NATS-sss-v1_0-50262",
    "8b99b4c0aabe959924c6fb36c0ee4a3f79362343e36b7752b90deee9409b492f",
)
SPACES = {space.name: space for space in (TSS, SSS)}


def search_space(space: SearchSpace | str) -> SearchSpace:
    """A search space, by its name where that is given. QuestionError for another name."""
    if isinstance(space, SearchSpace):
        return space
    if space not in SPACES:
        raise QuestionError(f"search space {space!r}: expected one of {', '.join(SPACES)}")
    return SPACES[space]
