"""Every value of a table is the scalar API's, whatever file or library it goes through."""

from __future__ import annotations

import builtins
import importlib
import math
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.batches import Case, answer, make_case
from support.commands import runner
from support.made import Made
from support.records import record, write_store

import natsbin
from natsbin.adaptors.configurations import place_names
from natsbin.cli import main
from natsbin.errors import OutputError, QuestionError
from natsbin.spaces import TSS

pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")
frames = importlib.import_module("natsbin.frames")


@pytest.fixture(scope="session", params=["tss", "sss", "tss wild"])
def case(request: pytest.FixtureRequest, made: Made) -> Case:
    return make_case(made, request.param)


def equal(given: Any, expected: Any) -> bool:
    """Is a table's value the API's, or null where the API has none?"""
    if expected is None or given is None:
        return given is expected
    return bool(given == expected) or (math.isnan(given) and math.isnan(expected))


def info_of(case: Case, row: dict[str, Any]) -> dict[str, Any]:
    seed = row.get("seed", False)
    place = row["architecture"], row["dataset"], row["epoch"], row["hp"]
    return answer(lambda: case.scalar.get_more_info(*place, is_random=seed)) or {}


def check_values(case: Case, row: dict[str, Any]) -> None:
    info = info_of(case, row)
    for setname in frames.SETS:
        for quantity in frames.QUANTITIES:
            expected = info.get(f"{setname}-{quantity.replace('_', '-')}")
            assert equal(row[f"{setname}_{quantity}"], expected), (row["architecture"], row["dataset"], setname)


@pytest.mark.parametrize("epoch", [None, 3])
def test_a_row_is_what_the_scalar_api_says(case: Case, epoch: int | None) -> None:
    hp = case.store.hps[-1]
    rows = frames.table(case.store, hp=hp, epoch=epoch).to_pylist()
    datasets = [name for name in natsbin.spaces.DATASETS if (hp, name) in case.store.keys]
    assert [(row["dataset"], row["architecture"]) for row in rows] == [
        (dataset, index) for dataset in datasets for index in case.indexes
    ]
    for row in rows:
        check_values(case, row)
        assert row["epoch"] == (case.space.epochs[hp] - 1 if epoch is None else epoch)
        costs = answer(lambda r=row: case.scalar.get_cost_info(r["architecture"], r["dataset"], hp=hp)) or {}
        for name in frames.COSTS:
            assert equal(row[name], costs.get(name))
        assert row["arch_str"] == case.space.architectures[row["architecture"]]
        numbers = case.space.parse(row["arch_str"])
        for name, number in zip(place_names(case.space), numbers, strict=True):
            choices = natsbin.spaces.OPERATIONS if case.space.name == "tss" else natsbin.spaces.CHANNELS
            assert row[name] == choices[number]


def test_trials_have_a_row_a_training(case: Case) -> None:
    hp = case.store.hps[0]
    rows = frames.table(case.store, hp=hp, trials=True, datasets="cifar100").to_pylist()
    table = case.store.table(hp, "cifar100")
    expected = sorted(zip(table.architecture.tolist(), table.seed.tolist(), strict=True))
    assert [(row["architecture"], row["seed"]) for row in rows] == expected
    for row in rows:
        check_values(case, row)
        trial = case.store.load(row["architecture"])[hp]["all_results"]["cifar100", row["seed"]]
        latency = trial["latency"] or [None]
        assert equal(row["latency"], latency[0] if len(latency) == 1 else np.mean(latency))
        assert equal(row["flops"], trial["flop"])


def test_curves_have_a_row_an_epoch(case: Case) -> None:
    wanted = case.indexes[:3]
    rows = frames.table(case.store, hp="12", curves=True, architectures=wanted, datasets=["cifar100"]).to_pylist()
    assert [(row["architecture"], row["epoch"]) for row in rows] == [(i, e) for i in wanted for e in range(12)]
    for row in rows:
        check_values(case, row)
    assert "flops" not in rows[0]


def check_same(found: Any, expected: Any) -> None:
    assert found.column_names == expected.column_names
    for name in found.column_names:
        given, wanted = found[name].to_pylist(), expected[name].to_pylist()
        same = all(map(equal, given, wanted)) if expected[name].type == pa.float64() else given == wanted
        assert same, name
        assert len(given) == len(wanted)


def test_blocks_change_nothing(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = frames.table(case.store, trials=True)
    monkeypatch.setattr(frames, "BLOCK_ROWS", 5)
    parts = list(frames.rows(case.store, trials=True).batches())
    assert max(part.num_rows for part in parts) == 5
    check_same(pa.Table.from_batches(parts), whole)


def test_the_frame_is_arrow_underneath(case: Case) -> None:
    frame = natsbin.frame(case.store, datasets="cifar100")
    assert frame["train_loss"].dtype == "double[pyarrow]"
    assert frame["dataset"].dtype == "category"
    assert frame.set_index("architecture")["arch_str"].tolist() == [case.space.architectures[i] for i in case.indexes]


def test_polars_and_duckdb_take_the_table_as_it_is(case: Case) -> None:
    polars, duckdb = pytest.importorskip("polars"), pytest.importorskip("duckdb")
    rows = frames.table(case.store, datasets="cifar100")
    expected = sorted(value for value in rows["flops"].to_pylist() if value is not None)
    assert polars.from_arrow(rows)["flops"].drop_nulls().sort().to_list() == expected
    taken = polars.from_arrow(rows)["flops"].to_arrow()
    assert taken.buffers()[1].address == rows["flops"].chunk(0).buffers()[1].address  # the same memory
    found = duckdb.sql("select flops from rows where flops is not null order by flops").fetchall()
    assert [value for (value,) in found] == expected


@pytest.mark.parametrize("suffix", frames.FORMATS)
def test_files_read_back_equal(case: Case, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "BLOCK_ROWS", 20)
    path, expected = tmp_path / f"out{suffix}", frames.table(case.store, trials=True)
    assert frames.write_table(case.store, path, trials=True) == expected.num_rows
    if suffix == ".csv":
        csv = importlib.import_module("pyarrow.csv")
        options = csv.ConvertOptions(
            null_values=[""], column_types=dict(zip(expected.column_names, _plain(expected), strict=True))
        )
        found = csv.read_csv(path, convert_options=options)
    elif suffix == ".parquet":
        found = importlib.import_module("pyarrow.parquet").read_table(path)
    else:
        found = importlib.import_module("pyarrow.feather").read_table(path)
    check_same(found, expected)
    with pytest.raises(OutputError, match="exists already"):
        frames.write_table(case.store, path)


def test_only_regular_files_are_replaced(case: Case, tmp_path: Path) -> None:
    real, link, fifo = tmp_path / "real.csv", tmp_path / "link.csv", tmp_path / "fifo.csv"
    real.write_text("old")
    real.chmod(0o600)
    link.symlink_to("real.csv")
    os.mkfifo(fifo)
    frames.write_table(case.store, link, force=True, hp="12", datasets="cifar10")
    assert link.is_symlink()
    assert real.read_text().startswith('"')
    assert real.stat().st_mode & 0o777 == 0o600
    with pytest.raises(OutputError, match="not a regular file; it is not replaced"):
        frames.write_table(case.store, fifo, force=True)


def _plain(table: Any) -> list[Any]:
    return [pa.string() if pa.types.is_dictionary(field.type) else field.type for field in table.schema]


def test_a_failure_leaves_no_file(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(frames.Rows, "batches", fail)
    with pytest.raises(OutputError, match="disk full"):
        frames.write_table(case.store, tmp_path / "out.parquet")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("which", "says"),
    [
        ({"hp": "13"}, "no hyper-parameters '13'"),
        ({"datasets": "mnist"}, "no dataset 'mnist'"),
        ({"epoch": 500}, "0 <= epoch <"),
        ({"epoch": True}, "whole number"),
        ({"epoch": 1, "curves": True}, "one of the two"),
        ({"architectures": ["|none~0|"]}, "place 0"),
    ],
)
def test_what_is_not_there_is_refused(case: Case, which: dict[str, Any], says: str) -> None:
    with pytest.raises(QuestionError, match=says):
        frames.table(case.store, **which)
    with pytest.raises(QuestionError, match=r"\.parquet"):
        frames.write_table(case.store, "out.xlsx")


def test_the_command_writes_the_same_file(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "out.arrow"
    options = ["--hp", "12", "--dataset", "cifar10", "--dataset", "cifar100", "--trials", "--epoch", "4"]
    archs = ",".join(map(str, case.indexes[:4]))
    result = runner().invoke(main, ["table", str(case.path), str(path), *options, "--archs", archs])
    assert result.exit_code == 0, result.output
    expected = frames.table(
        case.store, hp="12", datasets=["cifar10", "cifar100"], trials=True, epoch=4, architectures=case.indexes[:4]
    )
    check_same(importlib.import_module("pyarrow.feather").read_table(path), expected)
    assert f"{expected.num_rows} rows" in result.output
    result = runner().invoke(main, ["table", str(case.path), str(path)])
    assert result.exit_code == 1
    assert "exists already" in result.stderr


def test_without_pyarrow_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "natsbin.frames")
    monkeypatch.setattr(builtins, "__import__", _refusing("pyarrow"))
    with pytest.raises(ImportError, match=r"pip install 'natsbin\[pandas\]'"):
        importlib.import_module("natsbin.frames")


def _refusing(library: str) -> Any:
    genuine = builtins.__import__

    def import_(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == library:
            raise ImportError(f"No module named {library!r}")
        return genuine(name, *args, **kwargs)

    return import_


@pytest.mark.parametrize("suffix", frames.FORMATS)
def test_a_name_that_is_no_text(made: Made, tmp_path: Path, suffix: str) -> None:
    store, path = made.store(TSS, [2, 7]), tmp_path / os.fsdecode(b"\xff" + suffix.encode())
    assert frames.write_table(store, path) == frames.write_table(store, tmp_path / f"plain{suffix}")
    assert path.read_bytes() == (tmp_path / f"plain{suffix}").read_bytes()


def test_costs_of_odd_types_by_trial(tmp_path: Path) -> None:
    """Columns of a store have doubles alone, and one latency a trial; what else there is stands in the records."""
    records = {index: record(TSS, index, "12") for index in (3, 8, 13)}
    given = {3: (np.float32(3.7), 70, [0.25, 0.5]), 8: (4, np.float16(70.5), []), 13: (1.5, 2.5, None)}
    for index, (params, flop, latency) in given.items():
        for trial in records[index]["12"]["all_results"].values():
            trial.update(params=params, flop=flop, latency=latency)
    store = write_store(tmp_path / "x.h5", TSS, records)
    rows = frames.table(store, hp="12", datasets="cifar10", trials=True).to_pylist()
    expected = {3: (float(np.float32(3.7)), 70.0, 0.375), 8: (4.0, 70.5, None), 13: (1.5, 2.5, None)}
    assert {row["architecture"]: (row["params"], row["flops"], row["latency"]) for row in rows} == expected
