"""A benchmark file's blocks, decompressed apart: the same bytes as in one go, the same words where it is damaged."""

from __future__ import annotations

import bz2
import random
from pathlib import Path

import pytest

from natsbin._blocks import find_magics, number_at, one_block
from natsbin.archive import bzip
from natsbin.errors import ArchiveError

BLOCK, END = bytes.fromhex("314159265359"), bytes.fromhex("177245385090")


@pytest.fixture(scope="module")
def plain() -> bytes:
    rng = random.Random(5)
    return b"".join(rng.randbytes(300) + b"0123456789" * rng.randrange(9) for _ in range(1500))


def outcome(path: Path, threads: int) -> tuple[bytes, str]:
    """What comes out, and the error after it."""
    given = bytearray()
    try:
        for piece in bzip.pieces(path, None, threads):
            given += piece
    except ArchiveError as error:
        return bytes(given), str(error)
    return bytes(given), ""


def apart(path: Path) -> bool:
    """Whether the blocks alone give the file's contents."""
    try:
        for block in bzip._blocks(path, None):
            bzip._decompressed(block)
    except bzip._DoubtError:
        return False
    return True


@pytest.mark.parametrize("level", [1, 2, 9])
def test_blocks_are_the_stream(level: int, plain: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.bz2"
    path.write_bytes(bz2.compress(plain, level))
    blocks = list(bzip._blocks(path, None))
    assert len(blocks) == -(-len(plain) // (level * 100_000))
    assert b"".join(map(bz2.decompress, blocks)) == plain
    for threads in (1, 2, 5):
        assert outcome(path, threads) == (plain, "")


def test_empty_and_odd_streams(plain: bytes, tmp_path: Path) -> None:
    path, packed = tmp_path / "x.bz2", bz2.compress(plain, 1)
    for data in (bz2.compress(b""), b"", b"BZh9", b"BZh0" + packed[4:], packed + b"x", packed + packed, packed[:-1]):
        path.write_bytes(data)
        assert outcome(path, 3) == outcome(path, 1)


def test_what_looks_like_a_block_within_a_block(plain: bytes, tmp_path: Path) -> None:
    """Compression does not make the bits of a block's begin on purpose, so they are put there."""
    path, packed = tmp_path / "x.bz2", bz2.compress(plain, 1)
    for magic in (BLOCK, END):
        for at in (60, 400, len(packed) // 2):
            path.write_bytes(packed[:at] + magic + packed[at + 6 :])
            assert not apart(path)
            assert outcome(path, 3) == outcome(path, 1)


def test_a_block_may_look_like_two(plain: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Undamaged, but a number within a block is taken for the begin of one: bytes are as in one go."""
    path = tmp_path / "x.bz2"
    path.write_bytes(bz2.compress(plain, 1))

    def find(data: bytes, first: int) -> list[tuple[int, bool]]:
        found = find_magics(data, first)
        return sorted([*found, (found[2][0] + 12_345, False)]) if len(found) > 3 else found

    monkeypatch.setattr(bzip, "find_magics", find)
    assert not apart(path)
    assert outcome(path, 2) == (plain, "")


def test_mutated_streams(plain: bytes, tmp_path: Path) -> None:
    rng, path, packed = random.Random(7), tmp_path / "x.bz2", bz2.compress(plain[:250_000], 1)
    for _ in range(60):
        data = bytearray(packed)
        if rng.random() < 0.3:
            del data[rng.randrange(len(data)) :]
        for _ in range(rng.randrange(3)):
            if data:
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        together, alone = outcome(path, 3), outcome(path, 1)
        assert together[1] == alone[1]
        assert together[0] == alone[0] or (alone[1] and plain.startswith(together[0]))


def test_a_block_that_grows_too_much_is_left_to_one_thread(tmp_path: Path) -> None:
    path = tmp_path / "x.bz2"
    path.write_bytes(bz2.compress(bytes(20 << 20)))
    assert not apart(path)
    assert outcome(path, 2) == (bytes(20 << 20), "")


def test_digest(plain: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.bz2"
    path.write_bytes(bz2.compress(plain, 1))
    for threads in (1, 3):
        with pytest.raises(ArchiveError, match="an end in 00000, as its name says"):
            list(bzip.pieces(path, "00000", threads))


def test_magics_are_found_at_every_bit() -> None:
    rng = random.Random(3)
    for magic in (BLOCK, END):
        for bit in range(90, 115):
            number = int.from_bytes(rng.randbytes(40), "big") & ~((2**48 - 1) << (320 - bit - 48))
            data = (number | int.from_bytes(magic, "big") << (320 - bit - 48)).to_bytes(40, "big")
            assert find_magics(data, 0) == find_magics(data, bit) == [(bit, magic == END)]
            assert find_magics(data, bit + 1) == find_magics(data[: (bit + 47) // 8], 0) == []
            assert number_at(data, bit) == int.from_bytes(magic[:4], "big")


def test_native_functions_refuse_wrong_places() -> None:
    with pytest.raises(ValueError, match="bit -1"):
        find_magics(b"", -1)
    for bit in (-1, 1):
        with pytest.raises(IndexError, match="of 32"):
            number_at(b"1234", bit)
    for start, stop, level in ((-1, 90, 9), (0, 79, 9), (0, 161, 9), (0, 160, 0), (0, 160, 10)):
        with pytest.raises(ValueError, match="no block"):
            one_block(bytes(20), start, stop, level)
