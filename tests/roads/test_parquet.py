"""Parquet files to attach: however written they are read, and what unpacks to too much is refused in little memory."""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

from support.made import Made  # noqa: E402 - after the skip
from support.memory import refused  # noqa: E402

from natsbin.errors import ArchiveError  # noqa: E402
from natsbin.roads.parquet import Table  # noqa: E402
from natsbin.spaces import TSS  # noqa: E402

ROWS = 5 * len(TSS.architectures)
ENOUGH = 150  # MB
QUICK: dict[str, Any] = {"compression": "zstd", "use_dictionary": False, "write_statistics": False}


def values(count: int) -> dict[str, Any]:
    """A column of each type."""
    text = [None if number == 3 else f"text {number % 7}" for number in range(count)]
    return {
        "text": text,
        "large": pa.array(text, pa.large_string()),
        "category": pa.array(text).dictionary_encode(),
        "different": [f"text {number}" for number in range(count)],
        "float": np.arange(count) * 1.5,
        "half": np.arange(count, dtype=np.float16),
        "int": np.arange(count),
        "decimal": pa.array([1] * count, pa.decimal128(10, 2)),
        "bool": [True] * count,
        "none": pa.nulls(count),
    }


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd", "gzip", "brotli", "lz4"])
def test_every_way_to_write_it(tmp_path: Path, compression: str) -> None:
    table = pa.table(values(5_000))
    path = tmp_path / "x.parquet"
    expected = list(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))
    ways = itertools.product(["1.0", "2.0"], [True, False], [3_000, 1 << 20], [None, 1_300])
    for version, dictionary, page, group in ways:
        parquet.write_table(
            table,
            path,
            compression=compression,
            data_page_version=version,
            use_dictionary=dictionary,
            data_page_size=page,
            row_group_size=group,
        )
        with Table(path, 5_000) as opened:
            assert opened.names == table.column_names
            assert list(opened.rows(opened.names)) == expected


def test_no_rows(tmp_path: Path) -> None:
    parquet.write_table(pa.table(values(0)), tmp_path / "x.parquet")
    with Table(tmp_path / "x.parquet", 5) as opened:
        assert list(opened.rows(opened.names)) == []


def one_text(path: Path) -> None:
    parquet.write_table(pa.table({"arch": ["a" * 100_000_000], "ms": [1.0]}), path, **QUICK)


def one_text_of_a_dictionary(path: Path) -> None:
    arch = pa.DictionaryArray.from_arrays(np.zeros(10_000, np.int32), ["a" * 15_000_000])
    parquet.write_table(pa.table({"arch": arch, "ms": np.arange(10_000.0)}), path, compression="zstd")


def many_pages(path: Path) -> None:
    with parquet.ParquetWriter(
        path, pa.schema([("arch", pa.string()), ("ms", pa.float64())]), compression="zstd"
    ) as file:
        for _ in range(100):
            file.write_table(pa.table({"arch": ["a" * 5_000_000], "ms": [1.0]}))


def shared_prefixes(path: Path) -> None:
    texts = pa.table({"arch": ["a" * 2_000_000] * 200, "ms": np.arange(200.0)})
    parquet.write_table(texts, path, use_dictionary=False, column_encoding={"arch": "DELTA_BYTE_ARRAY", "ms": "PLAIN"})


def many_rows(path: Path) -> None:
    numbers = pa.array(np.zeros(20_000_000, np.int8))
    parquet.write_table(pa.table({"arch": numbers, "ms": numbers}), path)


def many_columns(path: Path) -> None:
    parquet.write_table(pa.table({"arch": [1], **{f"column {number}": [1.0] for number in range(3_000)}}), path)


def nested(path: Path) -> None:
    parquet.write_table(pa.table({"arch": [1], "ms": [[0] * 1_000_000]}), path)


def binary(path: Path) -> None:
    parquet.write_table(pa.table({"arch": pa.array([b"a" * 100_000_000]), "ms": [1.0]}), path, compression="zstd")


BOMBS: dict[Callable[[Path], None], str] = {
    one_text: r"column 'arch' takes 100,0..,... bytes or more, .*; at most 20,000,000 were expected, 256 for each row",
    one_text_of_a_dictionary: r"column 'arch' has 'a{40}'…, a text of 15,000,000 bytes; at most 1,000 were expected",
    many_pages: r"column 'arch' takes 2.,...,... bytes or more, .*; at most 20,000,000",
    shared_prefixes: r"column 'arch' has a page of encoding 7; one of PLAIN, .* was expected",
    many_rows: r"20,000,000 rows; at most 78,125 were expected",
    many_columns: r"cannot be read as parquet: .*limit",
    nested: r"column 'ms' is nested",
    binary: r"column 'arch' is of type binary; numbers or texts were expected",
}


@pytest.mark.parametrize("make", BOMBS)
def test_what_unpacks_to_too_much(make: Callable[[Path], None], made: Made, tmp_path: Path) -> None:
    store, path = tmp_path / "store.h5", tmp_path / "table.parquet"
    store.write_bytes(made.store(TSS, [1, 2]).read_bytes())
    make(path)
    assert path.stat().st_size < 1 << 21
    imports = "import pyarrow.compute, pyarrow.parquet\nfrom natsbin import attach"
    taken, message = refused(imports, f"attach({str(store)!r}, path, 'ms')", path)
    assert message.startswith(f"{path}: ")
    assert re.search(BOMBS[make], message)
    assert taken < ENOUGH


def test_other_columns_are_not_read(tmp_path: Path) -> None:
    table = {"arch": [1, 2], "ms": [1.0, 2.0], "log": ["a" * 30_000_000] * 2, "runs": [[1], [2]]}
    parquet.write_table(pa.table(table), tmp_path / "x.parquet", compression="zstd")
    with Table(tmp_path / "x.parquet", ROWS) as opened:
        assert list(opened.rows(["arch", "ms"])) == [(1, 1.0), (2, 2.0)]


def test_mutated_files(tmp_path: Path) -> None:
    """Nothing but rows or an ArchiveError comes of them; pyarrow alone ended the process for some."""
    path, outcomes = tmp_path / "x.parquet", Counter[bool]()
    kinds = {name: values(60)[name] for name in ("text", "category", "float")}
    for version, compression in itertools.product(["1.0", "2.0"], ["none", "zstd"]):
        parquet.write_table(pa.table(kinds), path, data_page_version=version, compression=compression)
        data = path.read_bytes()
        for seed in range(500):
            rng, mutated = random.Random(seed), bytearray(data)
            for _ in range(rng.choice([1, 1, 2, 4])):
                at = rng.randrange(len(data)) if rng.random() < 0.5 else rng.randrange(600)
                mutated[at] = rng.choice([0, 255, 127, 128, rng.randrange(256)])
            path.write_bytes(mutated)
            try:
                with Table(path, ROWS) as opened:
                    outcome = len(list(opened.rows(list(kinds)))) <= 60
            except ArchiveError as error:
                outcome = str(error).startswith(f"{path}: ")
            outcomes[outcome] += 1
    assert outcomes == {True: 2_000}
