"""Bad archives and bad targets: each refused by name, and no output left; a store equal however it was made."""

from __future__ import annotations

import bz2
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from natsbin.errors import ArchiveError, NatsbinError, OutputError, UnsafePickleError
from natsbin.roads.convert import convert
from natsbin.spaces import SSS, TSS
from natsbin.store import open_store
from natsbin.synthetic import make_archive


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_archive(tmp_path_factory.mktemp("archive") / "tss", TSS, [3, 5, 8], seed=1)


@pytest.fixture
def copy(archive: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(archive, tmp_path / "copy"))


def refused(error: type[NatsbinError], *words: str, src: Path, dst: Path, **options: Any) -> None:
    before = sorted(dst.parent.iterdir())
    with pytest.raises(error) as caught:
        convert(src, dst, **options)
    for word in words:
        assert word in str(caught.value)
    assert sorted(dst.parent.iterdir()) == before


def change(folder: Path, number: int, edit: Any) -> None:
    """Edit the unpickled record of an architecture in place."""
    path = folder / f"{number:06d}.pickle.pbz2"
    record = pickle.loads(bz2.decompress(path.read_bytes()))
    edit(record)
    path.write_bytes(bz2.compress(pickle.dumps(record, 4)))


def test_no_such_path(tmp_path: Path) -> None:
    refused(ArchiveError, "nowhere", src=tmp_path / "nowhere", dst=tmp_path / "x.h5")


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(ArchiveError, "empty", src=tmp_path / "empty", dst=tmp_path / "x.h5")


def test_no_meta(copy: Path, tmp_path: Path) -> None:
    (copy / "meta.pickle.pbz2").unlink()
    refused(ArchiveError, "meta", src=copy, dst=tmp_path / "x.h5")


def test_meta_alone(copy: Path, tmp_path: Path) -> None:
    for file in copy.glob("0*"):
        file.unlink()
    refused(ArchiveError, "copy", src=copy, dst=tmp_path / "x.h5")


@pytest.mark.parametrize("damage", [lambda raw: raw[: len(raw) // 2], lambda raw: b"no bz2 at all", lambda raw: b""])
def test_a_damaged_file(copy: Path, tmp_path: Path, damage: Any) -> None:
    path = copy / "000005.pickle.pbz2"
    path.write_bytes(damage(path.read_bytes()))
    refused(ArchiveError, "000005", src=copy, dst=tmp_path / "x.h5")


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch evil-was-here",)


def test_a_pickle_that_calls_os_system(copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (copy / "000005.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps({"12": Evil()}, 4)))
    refused(UnsafePickleError, "000005", "system", src=copy, dst=tmp_path / "x.h5")
    assert not (tmp_path / "evil-was-here").exists()


def test_a_missing_field(copy: Path, tmp_path: Path) -> None:
    change(copy, 5, lambda record: record["200"]["all_results"]["cifar10", 777].pop("train_losses"))
    refused(ArchiveError, "000005", "200", "train_losses", src=copy, dst=tmp_path / "x.h5")


def test_text_where_a_number_belongs(copy: Path, tmp_path: Path) -> None:
    change(copy, 5, lambda record: record["200"]["all_results"]["cifar10", 777]["train_losses"].update({13: "low"}))
    refused(ArchiveError, "000005", "train_losses", "low", src=copy, dst=tmp_path / "x.h5")


def test_a_wrong_index(copy: Path, tmp_path: Path) -> None:
    change(copy, 5, lambda record: record["200"].update(arch_index=6))
    refused(ArchiveError, "000005", "arch_index", "6", src=copy, dst=tmp_path / "x.h5")


def test_the_other_space(archive: Path, tmp_path: Path) -> None:
    refused(ArchiveError, "sss", src=archive, dst=tmp_path / "x.h5", space="sss")


def test_an_existing_store_stays_without_force(archive: Path, tmp_path: Path) -> None:
    dst = tmp_path / "x.h5"
    dst.write_bytes(b"precious")
    refused(OutputError, "x.h5", "force", src=archive, dst=dst)
    assert dst.read_bytes() == b"precious"
    convert(archive, dst, force=True)
    assert open_store(dst).indexes.tolist() == [3, 5, 8]


def test_a_failed_conversion_keeps_the_store_that_was_there(copy: Path, tmp_path: Path) -> None:
    dst = tmp_path / "x.h5"
    dst.write_bytes(b"precious")
    (copy / "000008.pickle.pbz2").write_bytes(b"")
    refused(ArchiveError, "000008", src=copy, dst=dst, force=True)
    assert dst.read_bytes() == b"precious"


def test_a_folder_that_is_not_there(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="nowhere"):
        convert(archive, tmp_path / "nowhere" / "x.h5")


@pytest.mark.parametrize("kind", ["tar", "benchmark"])
@pytest.mark.parametrize("space", [TSS, SSS], ids=["tss", "sss"])
def test_every_shape_of_an_archive_makes_the_same_store(kind: str, space: Any, tmp_path: Path) -> None:
    indexes = [0, 4, 7, space_last(space)]
    names = {"tar": "x.tar", "benchmark": "x.pickle.pbz2"}
    folder = make_archive(tmp_path / "folder", space, indexes, seed=2)
    other = make_archive(tmp_path / names[kind], space, indexes, kind=kind, seed=2)
    a, b = (open_store(convert(src, tmp_path / f"{i}.h5")) for i, src in enumerate((folder, other)))
    assert a.forms == b.forms
    assert a.keys == b.keys
    for key in a.keys:
        assert a.columns(*key) == b.columns(*key)
        for name in a.columns(*key):
            path = "/".join((*key, str(name)))
            left, right = a.file.data(path), b.file.data(path)
            assert left.numbers == right.numbers
            size = left.chunk_bytes  # past it the map goes on
            assert all((left.load(n)[:size] == right.load(n)[:size]).all() for n in left.numbers)


def space_last(space: Any) -> int:
    return len(space) - 1


def test_jobs_do_not_change_the_store(tmp_path: Path) -> None:
    src = make_archive(tmp_path / "sss", SSS, range(40), seed=3)
    one, two = (convert(src, tmp_path / f"{jobs}.h5", jobs=jobs).read_bytes() for jobs in (1, 2))
    assert one == two


def test_progress_is_told_of_every_architecture(archive: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    convert(archive, tmp_path / "x.h5", progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (3, 3)


def test_a_killed_converter_leaves_no_store_and_no_worker(tmp_path: Path) -> None:
    src = make_archive(tmp_path / "sss", SSS, range(64), seed=4)
    dst = tmp_path / "out" / "x.h5"
    dst.parent.mkdir()
    call = f"convert({str(src)!r}, {str(dst)!r}, jobs=2, force=True)"
    code = f"from natsbin.roads.convert import convert\nwhile True: {call}"
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    time.sleep(1.0)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for _ in range(100):  # workers notice, and leave
        if not alive(process.pid):
            break
        time.sleep(0.1)
    assert not alive(process.pid)
    convert(src, dst, force=True)
    assert [file.name for file in dst.parent.iterdir()] == ["x.h5"]
    assert len(open_store(dst).indexes) == 64


def alive(session: int) -> bool:
    """Whether a process of the session runs."""
    try:
        os.killpg(session, 0)
    except ProcessLookupError:
        return False
    return True
