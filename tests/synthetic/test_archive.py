"""Generated archives on disk: three kinds of the same records, read by nats_bench; errors leave nothing."""

from __future__ import annotations

import bz2
import pickletools
import tarfile
from pathlib import Path

import nats_bench
import pytest
from support.commands import runner
from support.files import META, load, make_meta
from support.made import Made
from support.paths import load_tool
from support.records import record

from natsbin.errors import OutputError
from natsbin.spaces import SSS, SearchSpace
from natsbin.synthetic import make_archive, make_states, pickles

SOME = [3, 0, 20, 21, 300, 5]  # not in order; odd latencies


def opcodes(pickled: bytes) -> list[tuple[str, object]]:
    return [(op.name, arg) for op, arg, _ in pickletools.genops(pickled) if op.name != "FRAME"]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_holds_the_records_and_the_whole_space_as_meta(space: SearchSpace, tmp_path: Path) -> None:
    done: list[int] = []
    folder = make_archive(tmp_path / "deep" / "archive", space, [7, 2], seed=5, progress=done.append)
    assert done == [1, 1]
    assert names_in(folder) == ["000002.pickle.pbz2", "000007.pickle.pbz2", "meta.pickle.pbz2"]
    assert load(folder / "000007.pickle.pbz2") == make_states(space, 7, seed=5)
    assert load(folder / META) == make_meta(space)


def test_the_content_does_not_depend_on_jobs(tmp_path: Path) -> None:
    for kind in ("folder", "tar", "benchmark"):
        one = make_archive(tmp_path / "one" / kind, SSS, range(9), kind=kind, jobs=1)
        two = make_archive(tmp_path / "two" / kind, SSS, range(9), kind=kind, jobs=2)
        pairs = [(one, two)] if one.is_file() else [(path, two / path.name) for path in one.iterdir()]
        assert all(a.read_bytes() == b.read_bytes() for a, b in pairs)


def test_a_tar_holds_what_the_folder_holds(tmp_path: Path) -> None:
    folder = make_archive(tmp_path / "archive", SSS, SOME)
    path = make_archive(tmp_path / "archive.tar", SSS, SOME, kind="tar")
    with tarfile.open(path) as tar:
        tar.extractall(tmp_path / "out", filter="data")
    assert names_in(tmp_path / "out" / "archive") == names_in(folder)
    for member in folder.iterdir():
        assert (tmp_path / "out" / "archive" / member.name).read_bytes() == member.read_bytes()


@pytest.mark.parametrize("batch", [4, pickles.BATCH], ids=["batches of four", "one batch"])
def test_a_benchmark_file_is_what_one_pickler_would_write(
    space: SearchSpace, batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the opcode, memo references included: the same records, sharing the same objects."""
    monkeypatch.setattr(pickles, "BATCH", batch)
    path = make_archive(tmp_path / "all.pickle.pbz2", space, SOME, kind="benchmark")
    infos = {index: make_states(space, index) for index in SOME}
    by_one = pickles.dumps({**make_meta(space), "arch2infos": infos, "evaluated_indexes": set(SOME)})
    between = ("MARK", "SETITEMS") if batch == 4 else ()  # what a batch begins and ends with
    found, expected = opcodes(bz2.decompress(path.read_bytes())), opcodes(by_one)
    assert [op for op in found if op[0] not in between] == [op for op in expected if op[0] not in between]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", "benchmark"])
def test_nats_bench_reads_it(space: SearchSpace, kind: str, made: Made) -> None:
    path = made.archive(space, range(24), kind=kind)
    api = nats_bench.create(str(path), space.name, fast_mode=kind == "folder", verbose=False)
    hp = list(space.epochs)[-1]
    for index in range(24):
        for dataset in ("cifar10", "cifar100", "ImageNet16-120"):
            info = api.get_more_info(index, dataset, hp=hp, is_random=False)
            expected = record(space, index)[hp]["all_results"]
            values = [
                trial["train_acc1es"][space.epochs[hp] - 1] for key, trial in expected.items() if key[0] == dataset
            ]
            assert info["train-accuracy"] == pytest.approx(sum(values) / len(values))
    assert len(api.evaluated_indexes) == 24
    if kind == "benchmark":  # in a folder of some, nats_bench looks for the whole space
        best, accuracy = api.find_best("cifar10", "ori-test", hp=hp)
        assert best in range(24)
        assert 10 <= accuracy <= 100


@pytest.mark.parametrize("kind", ["folder", "tar", "benchmark"])
def test_an_existing_destination_is_refused_and_kept(kind: str, tmp_path: Path) -> None:
    dst = tmp_path / "there"
    dst.write_text("mine")
    with pytest.raises(OutputError, match="there exists already"):
        make_archive(dst, SSS, [0], kind=kind)
    assert dst.read_text() == "mine"
    make_archive(dst, SSS, [0], kind=kind, overwrite=True)
    make_archive(dst, SSS, [1], kind="folder", overwrite=True)
    assert names_in(dst) == ["000001.pickle.pbz2", "meta.pickle.pbz2"]
    assert names_in(tmp_path) == ["there"]


@pytest.mark.parametrize("kind", ["folder", "tar", "benchmark"])
def test_a_failure_leaves_nothing(kind: str, tmp_path: Path) -> None:
    def fail(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_archive(tmp_path / "archive", SSS, range(3), kind=kind, progress=fail)
    assert names_in(tmp_path) == []


def test_wrong_arguments_are_named(tmp_path: Path) -> None:
    for indexes, kind, message in (
        ([0, 32768], "folder", r"index is 32768; expected at least one of 0\.\.32767 for sss"),
        ([], "folder", "at least one"),
        ([0], "zip", "kind is 'zip'; expected one of folder, tar, benchmark"),
    ):
        with pytest.raises(ValueError, match=message):
            make_archive(tmp_path / "archive", SSS, indexes, kind=kind)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        make_archive(tmp_path / "file" / "archive", SSS, [0])
    assert names_in(tmp_path) == ["file"]


main = load_tool("make_archive").main


def test_the_command_writes_and_refuses(tmp_path: Path) -> None:
    dst = tmp_path / "archive"
    run = runner().invoke(main, ["sss", str(dst), "--archs", "1-3,9", "--no-progress"])
    assert (run.exit_code, run.output) == (0, "")
    assert names_in(dst) == [f"00000{i}.pickle.pbz2" for i in (1, 2, 3, 9)] + ["meta.pickle.pbz2"]
    again = runner().invoke(main, ["sss", str(dst), "--count", "2"])
    assert again.exit_code == 1
    assert "exists already" in again.stderr
    forced = runner().invoke(main, ["sss", str(dst), "--count", "2", "--force"])
    assert forced.exit_code == 0
    assert len(names_in(dst)) == 3


@pytest.mark.parametrize("arguments", [["--archs", "1-x"], ["--archs", "1", "--count", "2"], ["--kind", "zip"]])
def test_the_command_explains_wrong_options(arguments: list[str], tmp_path: Path) -> None:
    run = runner().invoke(main, ["tss", str(tmp_path / "archive"), *arguments])
    assert run.exit_code == 2
    assert "Error" in run.stderr
    assert names_in(tmp_path) == []
