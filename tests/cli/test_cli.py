"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from support.commands import runner
from support.files import make_tar, split
from support.made import Made

import natsbin
from natsbin.cli import main
from natsbin.spaces import SSS, TSS


@pytest.fixture(scope="module")
def archive(made: Made) -> Path:
    return made.archive(TSS, [2, 4])


@pytest.fixture(scope="module")
def store(archive: Path) -> Path:
    assert run("convert", archive, "--quiet").exit_code == 0
    return archive.with_name(f"{archive.name}.h5")


def run(*words: object) -> Result:
    return runner().invoke(main, [str(word) for word in words])


def test_convert_says_what_it_made(archive: Path, tmp_path: Path) -> None:
    found = run("convert", archive, tmp_path / "made.h5", "--json", "--quiet")
    assert found.exit_code == 0
    assert json.loads(found.stdout) | {"bytes": 0} == {
        "store": str(tmp_path / "made.h5"),
        "space": "tss",
        "architectures": 2,
        "absent": 15_623,
        "bytes": 0,
    }


def test_convert_takes_the_chunks_of_a_split_tar(made: Made, tmp_path: Path) -> None:
    chunks = split(make_tar(made.archive(SSS, [0, 1]), tmp_path / "x.tar", "x"), 60_000)
    assert run("convert", *chunks, tmp_path / "x.h5", "--quiet").exit_code == 0
    assert natsbin.create(str(tmp_path / "x.h5"), "sss", verbose=False).arch(1) == "8:8:8:8:16"


def test_convert_takes_the_weights_of_a_full_archive(made: Made, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch, which full archives are made with, is not installed")
    src, dst = made.archive(SSS, [0], kind="full"), tmp_path / "x.h5"
    found = run("convert", src, dst, "--weights", "--hp", "01", "--dataset", "cifar10", "--json", "--quiet")
    assert found.exit_code == 0, found.stderr
    assert json.loads(found.stdout)["weights_bytes"] > 0
    api = natsbin.create(json.loads(found.stdout)["store"], "sss", verbose=False)
    assert "lastact.0.weight" in api.get_net_param(0, "cifar10", 777, hp="01")
    assert run("convert", src, "--hp", "01").exit_code == 2
    assert "every network matches" in run("verify", json.loads(found.stdout)["store"], "--quiet").stdout


def test_what_is_refused_is_one_line_on_stderr(tmp_path: Path, store: Path) -> None:
    for words in (("convert", tmp_path / "nowhere"), ("info", tmp_path / "nowhere.h5"), ("export", store, tmp_path)):
        found = run(*words)
        assert found.exit_code == 1
        assert found.stdout == ""
        assert found.stderr.startswith("Error: ")


def test_a_wrong_command_line_is_exit_code_2(store: Path) -> None:
    assert run("convert").exit_code == 2
    assert run("nonsense").exit_code == 2
    assert run("query", store, "no-such-architecture").exit_code == 2


def test_progress_goes_to_stderr(archive: Path, tmp_path: Path) -> None:
    found = run("convert", archive, tmp_path / "x.h5")
    assert "Converting" in found.stderr
    assert "Converting" not in found.stdout


def test_info(store: Path) -> None:
    found = json.loads(run("info", store, "--json").stdout)
    assert (found["space"], found["architectures"], found["absent"]) == ("tss", 2, 15_623)
    assert {(t["hp"], t["dataset"]) for t in found["tables"]} == {
        (hp, dataset) for hp in ("12", "200") for dataset in ("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120")
    }
    assert 0 < found["payload_bytes"] < found["bytes"] == store.stat().st_size
    text = run("info", store).stdout
    assert "2 of 15,625 architectures" in text
    assert "ImageNet16-120" in text


def test_query_answers_like_the_api(store: Path) -> None:
    api = natsbin.create(str(store), "tss", verbose=False)
    arch = api.arch(4)
    for words, expected in (
        ((2, arch), [2, 4]),
        ((4, "--dataset", "cifar100", "--epoch", 3, "--hp", "12", "--seed", 111), [4]),
    ):
        rows = json.loads(run("query", store, *words, "--json").stdout)
        assert [row["index"] for row in rows] == expected
    info = api.get_more_info(4, "cifar100", iepoch=3, hp="12", is_random=111)
    assert {key: rows[0][key] for key in info} == info
    assert "train-accuracy" in run("query", store, 2).stdout


def test_query_and_info_take_archives_and_cut_no_strings(made: Made, tmp_path: Path) -> None:
    archive = shutil.copytree(made.archive(TSS, [2, 4]), tmp_path / "archive")
    assert json.loads(run("info", archive, "--json").stdout) == {
        "archive": str(archive),
        "space": "tss",
        "architectures": 2,
    }
    assert "architectures: 2; `natsbin convert`" in run("info", archive).stdout
    found = run("query", archive, 2, 4)
    assert all(f" {TSS.architectures[index]} " in found.stdout for index in (2, 4))
    assert "2 of 15,625 architectures" in run("info", archive).stdout  # of the store that query converted
    mistyped = run("query", archive, TSS.architectures[2].replace("_3x3", "3x3")).stderr
    assert f"did you mean {TSS.architectures[2]!r}" in mistyped


PROGRAM = """
import multiprocessing, subprocess, sys
import nats_bench

def work(_):
    from nats_bench.api_utils import ArchResults
    return nats_bench.create.__module__, ArchResults.__module__

if __name__ == "__main__":
    print(sys.argv[1:], work(0))
    for how in ("spawn", "forkserver", "fork"):
        with multiprocessing.get_context(how).Pool(1) as pool:
            print(pool.map(work, [0]))
    child = "import nats_bench.api_size as size; print(size.NATSsize.__module__)"
    print(subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=True).stdout)
    if "--fail" in sys.argv:
        raise ValueError("of the program")
    sys.exit(3)
"""


@pytest.mark.parametrize("words", [("run", "program.py"), ("run", "-m", "program")])
def test_run_gives_an_unedited_program_and_its_children_natsbin(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)

    def started(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "natsbin", *words, *more]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    done, ours = started("-h", "--seed=3"), ("natsbin.api.create", "natsbin.api.results")
    assert done.returncode == 3, done.stderr
    assert done.stdout.split("\n")[:5] == [f"['-h', '--seed=3'] {ours}", *[f"[{ours}]"] * 3, "natsbin.api.size"]
    failed = started("--fail")
    assert failed.returncode == 1
    assert failed.stderr.rstrip().endswith("ValueError: of the program")
    assert run("run", "no-such-program.py").exit_code == 2


def test_pack_and_unpack(store: Path, tmp_path: Path) -> None:
    packed, back = tmp_path / "packed.h5", tmp_path / "back.h5"
    assert run("pack", store, packed).exit_code == 0
    assert run("unpack", packed, back).exit_code == 0
    sizes = [json.loads(run("info", path, "--json").stdout)["payload_bytes"] for path in (packed, back)]
    assert sizes[0] < 0.9 * sizes[1]
    assert run("query", packed, 2, "--json").stdout == run("query", back, 2, "--json").stdout


def test_verify_and_export(archive: Path, store: Path, tmp_path: Path) -> None:
    assert "2 architectures equal" in run("verify", store, archive, "--quiet").stdout
    assert run("export", store, tmp_path / "back", "--quiet").exit_code == 0
    assert json.loads(run("verify", store, tmp_path / "back", "--json", "--quiet").stdout)["architectures"] == 2
    damaged = Path(shutil.copy(store, tmp_path / "damaged.h5"))
    raw = bytearray(damaged.read_bytes())
    for place in range(len(raw) // 2, len(raw), 997):
        raw[place] ^= 0xFF
    damaged.write_bytes(raw)
    found = run("verify", damaged, "--quiet")
    assert found.exit_code == 1
    assert "damaged" in found.stderr


def test_demo_compares_with_the_original() -> None:
    pytest.importorskip("nats_bench", reason="nats_bench, the oracle, is not installed")
    found = json.loads(run("demo", "--archs", 2, "--json", "--quiet").stdout)
    assert [row["equal"] for row in found["questions"]] == [True, True, True]


def test_python_m_natsbin_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "natsbin", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"natsbin, version {natsbin.__version__}\n"
