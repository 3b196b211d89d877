"""The files of an archive: read by the pickle module alone, written from any record, damaged in every known way."""

from __future__ import annotations

import bz2
import pickle
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from natsbin.spaces import SearchSpace

META = "meta.pickle.pbz2"


def load(path: Path) -> Any:
    """A pickle of the tests' own making, or of the genuine samples."""
    return pickle.loads(bz2.decompress(path.read_bytes()))


def dump(value: object, path: Path) -> Path:
    path.write_bytes(bz2.compress(pickle.dumps(value, 4), 1))
    return path


def record_path(folder: Path, index: int) -> Path:
    return folder / f"{index:06d}.pickle.pbz2"


def make_meta(space: SearchSpace) -> dict[str, Any]:
    archs = space.architectures
    return {"meta_archs": archs, "total_archs": len(archs), "arch2infos": None, "evaluated_indexes": set()}


def write_folder(folder: Path, space: SearchSpace, records: Mapping[int, Any]) -> Path:
    """An archive folder of given records."""
    folder.mkdir(parents=True)
    dump(make_meta(space), folder / META)
    for index, states in records.items():
        dump(states, record_path(folder, index))
    return folder


def benchmark(folder: Path, indexes: Iterable[int] | None = None) -> dict[str, Any]:
    """The dict of a benchmark file with the architectures of a folder."""
    numbers = sorted(int(file.name[:6]) for file in folder.glob("[0-9]*")) if indexes is None else list(indexes)
    infos = {number: load(record_path(folder, number)) for number in numbers}
    return {**load(folder / META), "arch2infos": infos, "evaluated_indexes": set(numbers)}


def make_tar(folder: Path, path: Path, inner: str) -> Path:
    """A tar of the folder's files, in it a folder of the name ``inner``, or none where that is empty."""
    with tarfile.open(path, "w") as tar:
        for file in sorted(folder.iterdir(), reverse=True):
            tar.add(file, f"{inner}/{file.name}" if inner else file.name)
    return path


def split(path: Path, size: int) -> list[Path]:
    """The file's chunks of at most ``size`` bytes, named as the ``split`` program names them; the file goes."""
    data, chunks = path.read_bytes(), []
    for number, start in enumerate(range(0, len(data), size)):
        high, low = divmod(number, 26)
        chunks.append(path.with_name(f"{path.name}{chr(97 + high)}{chr(97 + low)}"))
        chunks[-1].write_bytes(data[start : start + size])
    path.unlink()
    return chunks


DAMAGE = [
    (lambda data: data[:-30], "cut short: the bz2 data stops"),
    (lambda data: data[: len(data) // 2], "cut short: the bz2 data stops"),
    (lambda data: data[:30], "cut short: the bz2 data stops"),
    (lambda data: b"", "empty; a bz2 file was expected"),
    (lambda data: data + b"x", "follow the end of the bz2 stream|follows the end of the bz2 stream"),
    (lambda data: data + b"more", "4 bytes or more follow the end of the bz2"),
    (lambda data: data + data, "bytes or more follow the end of the bz2"),
    (lambda data: b"x" + data, "not a bz2 file, or damaged"),
    (lambda data: b"PK" + data[2:], "not a bz2 file, or damaged"),
    (lambda data: data[:-500] + bytes(20) + data[-480:], "not a bz2 file, or damaged"),
    (lambda data: data[:3000] + b"xyz" + data[3003:], "not a bz2 file, or damaged"),
    (lambda data: bz2.compress(bz2.decompress(data) + b"x"), "1 bytes or more follow the end of the pickle"),
    (lambda data: bz2.compress(bz2.decompress(data)[:-1]), "of the pickle: it is cut short"),
    (lambda data: bz2.compress(b""), "of the pickle: it is cut short"),
    (lambda data: bz2.compress(b"\xffplain text"), "no pickle opcode"),
    (lambda data: bz2.compress(b"]" * (1 << 21)), "more than 250,000 containers"),
    (lambda data: bz2.compress((b"B\0\0\x10\0" + bytes(1 << 20)) * 17), "more than 16,777,216 bytes"),
]  # fmt: skip
"""What may befall a bz2 file with a pickle, and what natsbin then says."""


class Call:
    """Pickles as a call of anything."""

    def __init__(self, function: Any, *arguments: Any, state: Any = None) -> None:
        self._reduced = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> Any:
        return self._reduced
