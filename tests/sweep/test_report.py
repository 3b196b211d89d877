"""Reports say what the runs say: tables against plain arithmetic, files that are there, and what is refused."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from natsbin.errors import OutputError, QuestionError
from natsbin.store import open_store
from natsbin.sweep import Sweep, run
from natsbin.sweep.quality import Quality
from natsbin.sweep.report import write_report
from natsbin.sweep.report.figures import SPREADS, all_figures
from natsbin.sweep.report.frames import Results, load_results
from natsbin.sweep.report.significance import _holm, compare, mean_ranks
from natsbin.sweep.report.tables import all_tables, ranks_over_time


@pytest.fixture(scope="module")
def folder(stores: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    from natsbin.sweep import AlgorithmSpec

    out = tmp_path_factory.mktemp("sweep")
    names = ("random", "rea", "local-search")
    algorithms = tuple(AlgorithmSpec(name) for name in names)
    return run(Sweep(stores=stores, algorithms=algorithms, trainings=200, seeds=12, times=10), out, engine="serial")


@pytest.fixture(scope="module")
def results(folder: Path) -> Results:
    return load_results(folder)


def test_the_papers_table(results: Results, stores: dict[str, str]) -> None:
    table = all_tables(results)["accuracy"]
    assert table.index.tolist() == ["random", "rea", "local-search", "optimal", "average architecture"]
    for space, path in stores.items():
        for dataset in ("cifar10", "cifar100", "ImageNet16-120"):
            quality = Quality.of(open_store(Path(path)), dataset)
            column = table[f"{space} 12", dataset, "test"]
            assert column["optimal"] == f"{np.nanmax(quality.test):.2f}"
            assert column["average architecture"] == f"{np.nanmean(quality.test):.2f}"
            rows = [
                row
                for row in results.runs.to_dict("records")
                if (row["space"], row["dataset"], row["algorithm"]) == (space, dataset, "rea")
            ]
            chosen = [row["test"] for row in rows if not np.isnan(row["test"])]
            assert column["rea"] == f"{np.mean(chosen):.2f} ± {np.std(chosen):.2f}"


def test_regret_and_ranks(results: Results) -> None:
    tables = all_tables(results)
    for row in tables["regret"].to_dict("records"):
        own = results.incumbents
        for key in ("space", "dataset", "algorithm"):
            own = own[own[key] == row[key]]
        assert row["50%"] == pytest.approx(own[own["at"] == 100]["test_regret"].median(), nan_ok=True)
        assert row["100%"] == pytest.approx(own[own["at"] == 200]["test_regret"].median(), nan_ok=True)
    over_time = ranks_over_time(results)
    assert over_time.shape == (10, 3)
    np.testing.assert_allclose(over_time.sum(axis=1), 6)  # 1 + 2 + 3, ties shared


def test_significance(results: Results) -> None:
    table = compare(results)
    assert len(table) == 6 * 3
    assert (table["p_holm"] >= table["p"]).all()
    assert table["p_holm"].between(0, 1).all()
    assert _holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    ranks, difference = mean_ranks(results)
    assert ranks.sum() == pytest.approx(6)
    assert difference == pytest.approx(2.343 * np.sqrt(3 * 4 / (6 * 72)), rel=1e-3)  # Demsar's table for three


@pytest.mark.parametrize("spread", SPREADS)
def test_a_report(folder: Path, tmp_path: Path, spread: str) -> None:
    page = write_report(folder, tmp_path / "report", spread)
    text = page.read_text()
    assert "http" not in re.sub(r"base64,[^\"]*", "", text)  # nothing is loaded from elsewhere
    assert text.count("data:image/png;base64,") == 6 + 2
    names = {path.name for path in page.parent.iterdir()}
    for name in ("accuracy", "regret", "rank", "wilcoxon"):
        assert {f"{name}.csv", f"{name}.tex"} <= names
    assert {"rank.pdf", "critical_difference.png", "accuracy_tss_cifar10_12.pdf"} <= names
    assert pd.read_csv(page.parent / "regret.csv").shape == (18, 8)
    assert r"\begin{tabular}" in (page.parent / "accuracy.tex").read_text()


def test_curves_are_between_their_bounds(results: Results) -> None:
    for name, figure in all_figures(results, "bootstrap").items():
        for axes in figure.axes:
            assert axes.lines, name


def test_one_algorithm(small: Sweep, tmp_path: Path) -> None:
    sweep = dataclasses.replace(small, algorithms=small.algorithms[:1])
    page = write_report(run(sweep, tmp_path / "sweep", engine="serial"), tmp_path / "report")
    assert "critical_difference" not in page.read_text()


def test_what_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="not a folder of a sweep"):
        write_report(tmp_path, tmp_path / "report")
    with pytest.raises(QuestionError, match="expected one of quartiles, bootstrap"):
        write_report(folder, tmp_path / "report", "range")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="a report cannot be written"):
        write_report(folder, tmp_path / "file" / "report")


def test_files_that_are_no_report_are_left(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "accuracy.csv").write_text("mine")
    for out in (tmp_path, tmp_path / "accuracy.csv"):
        with pytest.raises(OutputError, match="exists already and has no report"):
            write_report(folder, out)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]
    (tmp_path / "accuracy.csv").unlink()
    before = write_report(folder, tmp_path).read_bytes()
    assert write_report(folder, tmp_path).read_bytes() == before
