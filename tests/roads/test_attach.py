"""Side tables: in from every format, beside the originals, and out as limits, metrics, columns and coordinates."""

from __future__ import annotations

import csv
import json
import os
import pickle
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import runner
from support.files import Call
from support.made import Made
from support.tiny import state, trial, write_archive

import natsbin
from natsbin.cli import main
from natsbin.errors import ArchiveError, NatsbinError, NoArchiveError, OutputError, QuestionError, UnsafePickleError
from natsbin.spaces import DATASETS, TSS
from natsbin.store.attached import attached_units, attached_values

INDEXES = (1, 2, 3, 4, 5, 6)
NUMBERS = {index: 10.0 - index + 0.1 for index in INDEXES}


@pytest.fixture
def path(made: Made, tmp_path: Path) -> Path:
    place = tmp_path / "store.h5"
    place.write_bytes(made.store(TSS, INDEXES).read_bytes())
    return place


def records(numbers: dict[int, float], **more: Any) -> list[dict[str, Any]]:
    return [{"architecture": index, **more, "ms": value} for index, value in numbers.items()]


def write(folder: Path, suffix: str, value: Any) -> Path:
    place = folder / f"table{suffix}"
    if suffix == ".csv":
        with place.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(value[0]))
            writer.writeheader()
            writer.writerows(value)
    elif suffix == ".json":
        place.write_text(json.dumps(value))
    elif suffix == ".parquet":
        pa = pytest.importorskip("pyarrow")
        pytest.importorskip("pyarrow.parquet").write_table(pa.Table.from_pylist(value), place)
    else:
        place.write_bytes(pickle.dumps(value, 4))
    return place


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet", ".pickle", ".pkl"])
@pytest.mark.parametrize("named", ["index", "string"])
def test_rows_of_every_format(path: Path, tmp_path: Path, suffix: str, named: str) -> None:
    before = {index: natsbin.open_store(path).load(index) for index in INDEXES}
    rows = records(NUMBERS)
    for row in rows if named == "string" else ():
        row["arch_str"] = TSS.architectures[row.pop("architecture")]
    assert natsbin.attach(path, write(tmp_path, suffix, rows), "edge", "ms") == len(INDEXES)
    store = natsbin.open_store(path)
    assert {index: store.load(index) for index in INDEXES} == before
    natsbin.verify(store)
    batch = natsbin.Batch(store)
    for dataset in DATASETS:
        within = batch.top_k(9, dataset, "train", attached_max={"edge": 6.2})[0]
        assert sorted(within.tolist()) == [4, 5, 6]
    assert batch.pareto_front(["edge"], "cifar10").tolist() == [6]
    assert batch.pareto_front({"edge": "max"}, "cifar10").tolist() == [1]
    packed = natsbin.open_store(natsbin.pack(path, tmp_path / "packed.h5"))
    assert natsbin.Batch(packed).pareto_front(["edge"], "cifar10").tolist() == [6]


def test_pareto_front_with_accuracy(path: Path, tmp_path: Path) -> None:
    natsbin.attach(path, write(tmp_path, ".json", {str(index): value for index, value in NUMBERS.items()}), "edge")
    batch = natsbin.Batch(natsbin.open_store(path))
    accuracy = batch.column("cifar10-valid", "x-valid", hp="200")
    beaten = {
        a
        for a in INDEXES
        for b in INDEXES
        if accuracy[b] >= accuracy[a]
        and NUMBERS[b] <= NUMBERS[a]
        and (accuracy[a], NUMBERS[a]) != (accuracy[b], NUMBERS[b])
    }
    front = batch.pareto_front(["accuracy", "edge"], "cifar10", "valid", hp="200")
    assert front.tolist() == sorted(set(INDEXES) - beaten)


def test_by_dataset(path: Path, tmp_path: Path) -> None:
    value = {"cifar10": {1: 1.0, 2: 2.0}, "cifar100": {TSS.architectures[3]: 3.0}}
    assert natsbin.attach(path, write(tmp_path, ".pickle", value), "energy", "mJ") == 3
    frame = pytest.importorskip("natsbin.frames").table(path, hp="12").to_pylist()
    found = {(row["dataset"], row["architecture"]): row["energy"] for row in frame if row["energy"] is not None}
    both = {(dataset, index): float(index) for dataset in ("cifar10", "cifar10-valid") for index in (1, 2)}
    assert found == {**both, ("cifar100", 3): 3.0}
    xarray = pytest.importorskip("xarray")
    with xarray.open_dataset(path, engine="natsbin", hp="12", dataset="cifar100") as opened:
        assert opened["energy"].attrs["units"] == "mJ"
        assert opened["energy"].sel(architecture=3).item() == 3.0
        assert np.isnan(opened["energy"].sel(architecture=1).item())


def test_datasets_of_other_archives(tmp_path: Path) -> None:
    rng, arch = random.Random(1), TSS.architectures[0]
    trials = {(dataset, 1): trial(arch, ["x-test"], 1, 2, rng) for dataset in ("tiny/imagenet", "数据集", "..")}
    archive = write_archive(tmp_path / "NATS-tss-other", [arch], {0: {"5": state(0, arch, trials)}})
    store = natsbin.convert(archive, tmp_path / "store.h5")
    value = {dataset: {0: number} for number, (dataset, _) in enumerate(trials, 1)}
    assert natsbin.attach(store, write(tmp_path, ".json", value), "edge", "ms") == 1
    opened = natsbin.open_store(store)
    assert natsbin.verify(store, archive).architectures == 1
    assert attached_units(opened) == {"edge": "ms"}
    assert [attached_values(opened, "edge", dataset).tolist() for dataset in value] == [[1.0], [2.0], [3.0]]
    with pytest.raises(ArchiveError, match="dataset 'mnist'; one of cifar10-valid"):
        natsbin.attach(store, write(tmp_path, ".json", {"mnist": {0: 1}}), "edge", "ms", force=True)


def test_names_are_replaced_only_by_force(path: Path, tmp_path: Path) -> None:
    table = write(tmp_path, ".csv", [*records(NUMBERS), {"architecture": 7, "ms": ""}])
    natsbin.attach(path, table, "edge", "ms")
    with pytest.raises(OutputError, match="has 'edge' attached already"):
        natsbin.attach(path, table, "edge", "ms")
    natsbin.attach(path, write(tmp_path, ".json", {"cifar10": {"2": 5}}), "edge", "s", force=True)
    natsbin.attach(path, table, "other", "ms")
    store = natsbin.open_store(path)
    assert [one for one in store.file.index.paths if "/" in one and one.startswith("attached")] == [
        "attached/edge@cifar10",
        "attached/other",
    ]
    assert natsbin.Batch(store).top_k(9, "cifar100", "train", attached_max={"edge": 99.0})[0].tolist() == []


BAD: list[tuple[str, Any, str]] = [
    (".csv", [{"ms": 1}], "one of architecture, index, arch_str, arch was expected"),
    (".csv", [{"architecture": "x", "ms": 1}], "row 1: architecture 'x'; an index below 15625"),
    (".csv", [{"architecture": 99_999, "ms": 1}], "row 1: architecture '99999'"),
    (".csv", [{"architecture": 1, "ms": "fast"}], "row 1: 'fast'; a number was expected"),
    (".csv", records({1: 1.0}) * 2, "row 2: architecture '1' is there twice"),
    (".csv", records({1: 1.0}, dataset="mnist"), "dataset 'mnist'; one of cifar10-valid"),
    (".csv", records({1: 1.0}, other=2), "say which one has the numbers"),
    (".json", [], "no rows"),
    (".json", [1], "a row is a int"),
    (".json", 5, "a int; rows, or numbers by architecture"),
    (".json", {"1": True}, "row 1: True; a number was expected"),
    (".json", {"1.5": 1}, "architecture '1.5'"),
    (".pickle", {1: [2]}, "row 1: \\[2\\]; a number was expected"),
    (".pickle", {1: {2: {3: 4}}}, "dataset 1; one of"),
    (".pickle", Call(os.system, "true"), "asks for posix.system"),
]


@pytest.mark.parametrize("case", range(len(BAD)))
def test_bad_tables(path: Path, tmp_path: Path, case: int) -> None:
    suffix, value, words = BAD[case]
    before = path.read_bytes()
    with pytest.raises(ArchiveError, match=words) as caught:
        natsbin.attach(path, write(tmp_path, suffix, value), "edge")
    assert isinstance(caught.value, UnsafePickleError) == (value.__class__ is Call)
    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["store.h5", f"table{suffix}"]


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"PAR1"])
@pytest.mark.parametrize("suffix", [".json", ".parquet", ".pickle", ".csv"])
def test_damaged_tables(path: Path, tmp_path: Path, data: bytes, suffix: str) -> None:
    (tmp_path / f"table{suffix}").write_bytes(data)
    with pytest.raises(NatsbinError, match="table"):
        natsbin.attach(path, tmp_path / f"table{suffix}", "edge")


def test_bad_questions(path: Path, tmp_path: Path) -> None:
    table = write(tmp_path, ".csv", records(NUMBERS))
    for name in ("", "a/b", "accuracy", "a@b", "1st"):
        with pytest.raises(QuestionError, match="expected letters"):
            natsbin.attach(path, table, name)
    with pytest.raises(NoArchiveError, match="no such file"):
        natsbin.attach(path, tmp_path / "none.csv", "edge")
    with pytest.raises(QuestionError, match="expected a name that ends in"):
        natsbin.attach(path, path, "edge")
    batch = natsbin.Batch(natsbin.open_store(path))
    with pytest.raises(QuestionError, match="no numbers 'edge': attached are none"):
        batch.find_best("cifar10", "valid", attached_max={"edge": 1.0})
    with pytest.raises(QuestionError, match="metric 'edge'"):
        batch.pareto_front(["edge"], "cifar10")


def test_the_command(path: Path, tmp_path: Path) -> None:
    table = write(tmp_path, ".csv", records(NUMBERS, other=0.5))
    done = runner().invoke(main, ["attach", str(path), str(table), "--name", "edge", "--unit", "ms", "--column", "ms"])
    assert done.exit_code == 0, done.output
    assert done.output == f"{path}: edge (ms) of 6 architectures\n"
    again = runner().invoke(main, ["attach", str(path), str(table), "--name", "edge", "--column", "ms"])
    assert again.exit_code == 1


def test_several_attach_at_once(path: Path, tmp_path: Path) -> None:
    names = [f"table{number}" for number in range(6)]
    table = write(tmp_path, ".json", {str(index): value for index, value in NUMBERS.items()})
    with ThreadPoolExecutor(len(names)) as pool:
        assert list(pool.map(lambda name: natsbin.attach(path, table, name), names)) == [len(NUMBERS)] * len(names)
    assert sorted(attached_units(natsbin.open_store(path))) == names
