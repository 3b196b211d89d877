"""Rows of a parquet file in bounded memory, whatever the file says of itself.

A page of some bytes can unpack to 2 GB, and a dictionary of one long text can stand for every row. pyarrow has no limit
for either, so the headers of all pages are read before it reads the first one; texts stay in their dictionaries until
their lengths are known.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from natsbin._util.extras import missing
from natsbin._util.thrift import Compact
from natsbin.errors import ArchiveError

if TYPE_CHECKING:
    from pyarrow import DataType, RecordBatch
    from pyarrow.parquet import ParquetFile

ROW_BYTES = 256
"""Bytes of a column, packed and unpacked, for each row that there can be: architecture strings have 80, numbers 8."""

TEXT_BYTES = 1_000  # of one text
_LEAST_BYTES = 1 << 20  # that any column may have
_BATCH_ROWS = 4_096
_FOOTER_BYTES = 1 << 22  # some 150 a column and group of rows
_FOOTER_ITEMS = 2_000  # columns, or groups of rows
_HEADER_BYTES = 1 << 16  # of a page; statistics in it have some hundred
_PAGES = {0: 5, 2: 7, 3: 8}  # kinds of pages, and the field of the header that is about such a page
_DICTIONARY, _PAGE_V2 = 2, 3
_BYTE_ARRAY, _REPEATED = 6, 2  # a type of values, and a repetition
_ENCODINGS = {0: "PLAIN", 2: "PLAIN_DICTIONARY", 3: "RLE", 5: "DELTA_BINARY_PACKED", 8: "RLE_DICTIONARY"}
_ENCODINGS |= {9: "BYTE_STREAM_SPLIT"}
"""Encodings of pages. Others (DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY) unpack once more, to any size."""


class _Leaf(NamedTuple):
    """A column of values; ``name`` is None inside of a nested one."""

    name: str | None
    texts: bool
    repeated: bool


class Table:
    """An open parquet file; a context manager. ``names`` are its columns.

    Raises ArchiveError where it is no parquet file, or has more than ``most_rows`` rows; ImportError without pyarrow.
    """

    def __init__(self, path: Path, most_rows: int) -> None:
        self._path, self._most_rows = path, most_rows
        self._most_bytes = max(_LEAST_BYTES, ROW_BYTES * most_rows)
        with _reading(path), path.open("rb") as stream:
            self._groups, self._leaves, rows = _footer(stream)
        if not 0 <= rows <= most_rows:
            raise ArchiveError(f"{path}: {rows:,} rows; at most {most_rows:,} were expected, as many as there can be")
        with _reading(path):
            self._file = _opened(path)
            self.names: list[str] = self._file.schema_arrow.names

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """The values of some columns, row by row: numbers, texts, None.

        Raises ArchiveError, with the limit, where a column is of another type or takes more than the space can have.
        """
        with _reading(self._path), self._path.open("rb") as stream:
            texts = [name for name in columns if self._check(name, stream)]
        with _reading(self._path), _opened(self._path, texts) as file:
            for batch in file.iter_batches(_BATCH_ROWS, columns=list(columns), use_threads=False):
                yield from zip(*(self._values(batch, name, name in texts) for name in columns), strict=True)

    def _check(self, name: str, stream: BinaryIO) -> bool:
        """Whether a column has texts. Raises ArchiveError where it must not be read."""
        numbers = [number for number, leaf in enumerate(self._leaves) if leaf.name == name]
        if len(numbers) != 1 or self.names.count(name) != 1:
            raise self._error(name, "is nested, or there twice; plain values were expected")
        leaf, kind = self._leaves[numbers[0]], self._file.schema_arrow.field(name).type
        if leaf.repeated or not _fits(kind, leaf.texts):
            raise self._error(name, f"is of type {kind!s:.100}; numbers or texts were expected")
        taken = 0
        for group in self._groups:
            for size in self._pages(stream, group[1][numbers[0]][3], name):
                taken += size
                if taken > self._most_bytes:
                    raise self._error(
                        name,
                        f"takes {taken:,} bytes or more, packed and unpacked; at most {self._most_bytes:,} were "
                        f"expected, {ROW_BYTES} for each row that there can be",
                    )
        return leaf.texts

    def _pages(self, stream: BinaryIO, chunk: dict[int, Any], name: str) -> Iterator[int]:
        """The bytes of a column in a group of rows: all of it packed, then each page unpacked."""
        yield max(0, chunk[7])
        if chunk[5] <= 0:  # no values, and no page
            return
        at = min(chunk[9], chunk.get(11, 0) or chunk[9])  # the first page of data, or the dictionary's
        end, size = at + chunk[7], os.fstat(stream.fileno()).st_size
        if not 0 < at <= end <= size:
            raise self._error(name, f"lies at bytes {at:,} to {end:,}; the file has {size:,}")
        values = 0
        while at < end and values < chunk[5]:
            stream.seek(at)
            header = Compact(stream.read(_HEADER_BYTES))
            try:
                page = header.struct()
                kind, unpacked, packed = page[1], page[2], page[3]
                about = page[_PAGES[kind]] if kind in _PAGES else {}
                count, encoding = about.get(1, 0), about.get(4 if kind == _PAGE_V2 else 2, 0)
            except (IndexError, KeyError, RecursionError) as error:
                raise self._error(name, f"has no page at byte {at:,}") from error
            if min(unpacked, packed, count) < 0 or count > self._most_rows:
                raise self._error(
                    name,
                    f"has a page of {count:,} values and {unpacked:,} bytes; at most {self._most_rows:,} values "
                    "were expected",
                )
            if encoding not in _ENCODINGS:
                known = ", ".join(_ENCODINGS.values())
                raise self._error(name, f"has a page of encoding {encoding}; one of {known} was expected")
            values += count if kind != _DICTIONARY else 0
            yield unpacked
            at += header.at + packed

    def _values(self, batch: RecordBatch, name: str, texts: bool) -> list[Any]:
        from pyarrow import compute

        column = batch.column(name)
        if texts:
            lengths = compute.binary_length(column.dictionary).to_numpy(zero_copy_only=False)
            if lengths.max(initial=0) > TEXT_BYTES:
                at = int(lengths.argmax())
                start = bytes(column.dictionary[at].as_buffer()[:40]).decode(errors="replace")
                raise self._error(
                    name, f"has {start!r}…, a text of {lengths[at]:,} bytes; at most {TEXT_BYTES:,} were expected"
                )
        values: list[Any] = column.to_pylist()
        return values

    def _error(self, name: str, words: str) -> ArchiveError:
        return ArchiveError(f"{self._path}: column {name!r:.100} {words}")


def _footer(stream: BinaryIO) -> tuple[list[dict[int, Any]], list[_Leaf], int]:
    """The groups of rows (as parquet's Thrift definition numbers the fields), the columns, and the number of rows.

    It is not asked of pyarrow, which ends the process for some forged ones.
    """
    size = os.fstat(stream.fileno()).st_size
    stream.seek(max(0, size - 8))
    end = stream.read(8)
    length = int.from_bytes(end[:4], "little")
    if end[4:] != b"PAR1" or length > min(size - 8, _FOOTER_BYTES):
        raise ValueError(f"it does not end with a footer of at most {_FOOTER_BYTES:,} bytes")
    stream.seek(size - 8 - length)
    found = Compact(stream.read(length)).struct()
    leaves: list[_Leaf] = []
    root, *elements = found[2]
    left = [root[5]]  # columns that are still to come, of each one that they are nested in
    for element in elements:
        while left[-1] == 0:
            left.pop()
        left[-1] -= 1
        if children := element.get(5, 0):
            left.append(children)
        else:
            name = element[4].decode() if len(left) == 1 else None
            leaves.append(_Leaf(name, element[1] == _BYTE_ARRAY, element[3] == _REPEATED))
    return found[4], leaves, found[3]


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Within the block, whatever pyarrow raises becomes an ArchiveError."""
    try:
        yield
    except Exception as error:
        if isinstance(error, (ArchiveError, ImportError)):
            raise
        raise ArchiveError(f"{path}: cannot be read as parquet: {error}") from error


def _opened(path: Path, texts: Sequence[str] = ()) -> ParquetFile:
    """The file; ``texts`` are columns whose texts stay in dictionaries."""
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise missing("natsbin.attach of a parquet file", "pyarrow", "pandas") from error
    return parquet.ParquetFile(
        path,
        read_dictionary=list(texts),
        pre_buffer=False,
        thrift_string_size_limit=_FOOTER_BYTES,
        thrift_container_size_limit=_FOOTER_ITEMS,
    )


def _fits(type: DataType, texts: bool) -> bool:
    """Whether values of a type are numbers or ``texts``. A column of nulls alone is of neither, and fits."""
    from pyarrow import types

    if texts:
        of = type.value_type if types.is_dictionary(type) else type
        return bool(types.is_string(of) or types.is_large_string(of) or types.is_string_view(of))
    return bool(
        types.is_integer(type)
        or types.is_floating(type)
        or types.is_decimal(type)
        or types.is_boolean(type)
        or types.is_null(type)
    )
