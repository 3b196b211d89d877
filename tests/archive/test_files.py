"""Folders, tars and split tars: what is read equals what was written, and bad ones are refused in words."""

from __future__ import annotations

import bz2
import pickle
import shutil
from pathlib import Path

import pytest
from support.files import DAMAGE, META, dump, load, make_meta, make_tar, split
from support.made import Made
from support.records import record, same

from natsbin.archive import Archive, open_archive
from natsbin.errors import ArchiveError, UnsafePickleError
from natsbin.spaces import SPACES, SSS, TSS, SearchSpace

INDEXES = (0, 3, 15_000)
NAME = "000007.pickle.pbz2"
GOOD, ARCHS = make_meta(SSS), SSS.architectures


def records(archive: Archive) -> dict[int, object]:
    """All records, by tasks that went through a pickle as on their way to another process."""
    tasks = [pickle.loads(pickle.dumps(task)) for task in archive.tasks()]
    return {record.index: record.states for task in tasks for record in task.read()}


@pytest.fixture
def sample(space: SearchSpace, made: Made) -> Path:
    return made.archive(space, INDEXES)


@pytest.fixture(params=["folder", "tar", "flat tar", "split tar"])
def opened(request: pytest.FixtureRequest, sample: Path, tmp_path: Path) -> Archive:
    if request.param == "folder":
        return open_archive(sample)
    inner = "" if request.param == "flat tar" else sample.name
    tar = make_tar(sample, tmp_path / f"{sample.name}.tar", inner)
    if request.param == "split tar":
        split(tar, 10_007)  # smaller than a file: pieces of one file lie in several chunks
        return open_archive(f"{tar}??")
    return open_archive(tar)


def test_all_kinds_read_alike(opened: Archive, space: SearchSpace, sample: Path) -> None:
    assert opened.space is space
    assert opened.kind in ("folder", "tar", "split tar")
    assert opened.indexes == list(INDEXES)
    assert opened.meta_archs == space.architectures
    assert opened.total_archs == len(space)
    assert opened.compressed_bytes == sum(file.stat().st_size for file in sample.glob("0*"))
    found = records(opened)
    assert list(found) == list(INDEXES)
    for index in INDEXES:
        assert same(found[index], record(space, index))
        assert same(opened.read(index), found[index])
    with pytest.raises(ArchiveError, match=r"no architecture 1; 3 of \d+ are there"):
        opened.read(1)


def test_genuine_samples_read_as_pickle_reads_them(genuine: tuple[str, Path]) -> None:
    name, path = genuine
    archive = open_archive(path, name)
    assert archive.indexes == [0, 11]
    assert archive.meta_archs == SPACES[name].architectures
    assert archive.digest == SPACES[name].archive_name[-5:]
    for index, states in records(archive).items():
        assert same(states, load(path / f"{index:06d}.pickle.pbz2"))


@pytest.fixture
def chunks(sample: Path, tmp_path: Path) -> list[Path]:
    return split(make_tar(sample, tmp_path / "x.tar", "x"), 40_000)


def test_one_chunk_stands_for_all(chunks: list[Path], space: SearchSpace) -> None:
    assert len(chunks) > 2
    assert open_archive(chunks[1]).kind == "split tar"
    assert open_archive(list(reversed(chunks))).read(3).keys() == space.epochs.keys()


def test_a_missing_chunk_is_named(chunks: list[Path]) -> None:
    with pytest.raises(ArchiveError, match=r"x.tarab: this chunk of the tar is missing"):
        open_archive([chunks[0], *chunks[2:]])
    with pytest.raises(ArchiveError, match=r"x.taraa: this chunk of the tar is missing"):
        open_archive(chunks[1:])
    with pytest.raises(ArchiveError, match="cut short"):
        open_archive(chunks[:-1])


def test_a_forged_size_in_a_tar(sample: Path, tmp_path: Path) -> None:
    tar = make_tar(sample, tmp_path / "x.tar", "")
    data = bytearray(tar.read_bytes())
    data[124:136] = b"\xff" * 12  # -1, in base 256
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    tar.write_bytes(data)
    with pytest.raises(ArchiveError, match=r"x.tar: (.*a size of -1 bytes|not an uncompressed tar)"):
        open_archive(tar)


def test_chunks_of_other_names_are_checked_by_content(chunks: list[Path], tmp_path: Path) -> None:
    renamed = [chunk.rename(tmp_path / f"part{number}") for number, chunk in enumerate(chunks)]
    assert open_archive(renamed).indexes == list(INDEXES)
    with pytest.raises(ArchiveError, match=r"chunk is missing|cut short"):
        open_archive([renamed[0], *renamed[2:]])


@pytest.mark.parametrize("said", ["tss", "topology", "sss", "size"])
def test_the_space_that_was_said_must_be_right(said: str, sample: Path, space: SearchSpace) -> None:
    if said in (space.name, space.title):
        assert open_archive(sample, said).space is space
    else:
        with pytest.raises(ArchiveError, match=f"{space.title} space .*; the (size|topology) space .* was expected"):
            open_archive(sample, said)


def test_unknown_space() -> None:
    with pytest.raises(ArchiveError, match="space 'nb301': one of tss, topology, sss, size"):
        open_archive(".", "nb301")


def test_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "text.tar").write_bytes(b"no tar at all" * 100)
    (tmp_path / "empty.tar").touch()
    for path, message in (
        (tmp_path / "no-such-path", "no-such-path: no such file or folder"),
        (str(tmp_path / "x.tara*"), "nothing matches this pattern"),
        ([], "no path given"),
        (tmp_path, "no meta.pickle.pbz2 and no NNNNNN"),
        (tmp_path / "text.tar", "text.tar: not an uncompressed tar"),
        (tmp_path / "empty.tar", "empty.tar: not an uncompressed tar"),
    ):
        with pytest.raises(ArchiveError, match=message) as caught:
            open_archive(path)
        assert isinstance(caught.value, FileNotFoundError) or "no such file" not in message
    with pytest.raises(ArchiveError, match="only the list of architectures"):
        open_archive(dump(make_meta(TSS), tmp_path / META))


class TestFolder:
    """A folder in which one thing is wrong."""

    @pytest.fixture
    def folder(self, made: Made, tmp_path: Path) -> Path:
        return Path(shutil.copytree(made.archive(SSS, [7]), tmp_path / "archive"))

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            (META, None, r"no meta.pickle.pbz2 in this folder, which has 1 files"),
            (NAME, None, "no architecture"),
            (NAME, "040000.pickle.pbz2", r"040000.pickle.pbz2: architecture 40000; .* 0 to 32767"),
            (NAME, "000008.pickle.pbz2", r"000008.pickle.pbz2: hp '01', arch_index: 7; 8, .* expected"),
        ],
    )
    def test_a_file_that_is_gone_or_renamed(self, folder: Path, old: str, new: str | None, message: str) -> None:
        (folder / old).unlink() if new is None else (folder / old).rename(folder / new)
        with pytest.raises(ArchiveError, match=message):
            records(open_archive(folder))

    def test_other_files_do_not_matter(self, folder: Path) -> None:
        (folder / "._000001.pickle.pbz2").write_bytes(b"left by a file manager")
        (folder / "README").write_bytes(b"")
        assert open_archive(folder).indexes == [7]

    @pytest.mark.parametrize(("change", "message"), DAMAGE)
    @pytest.mark.parametrize("name", [NAME, META])
    def test_damaged_files_are_named(self, folder: Path, name: str, change: object, message: str) -> None:
        assert callable(change)
        (folder / name).write_bytes(change((folder / name).read_bytes()))
        with pytest.raises(ArchiveError, match=f"{name}: .*({message})"):
            records(open_archive(folder))

    @pytest.mark.parametrize("name", [NAME, META])
    def test_hostile_files_are_named(self, folder: Path, name: str) -> None:
        (folder / name).write_bytes(bz2.compress(b"cos\nsystem\n(S'touch hit'\ntR."))
        with pytest.raises(UnsafePickleError, match=rf"{name}: .*it asks for os\.system"):
            records(open_archive(folder))

    @pytest.mark.parametrize(
        ("meta", "message"),
        [
            ({**GOOD, "meta_archs": None}, ": meta_archs is None; a list"),
            ({**GOOD, "meta_archs": []}, ": meta_archs is a list; a list of architecture strings"),
            ({**GOOD, "meta_archs": ["8:8:8:8:8"]}, ": total_archs is 32768; 1, the length"),
            ({**GOOD, "meta_archs": ["a", *ARCHS[1:]]}, ": meta_archs.0.: 'a' is no architecture"),
            ({**GOOD, "meta_archs": [*ARCHS[:-1], 5]}, ": meta_archs.32767. is 5; an architecture of the size space"),
            ({**GOOD, "meta_archs": [*ARCHS[:-1], "8:8:8:8:9"]}, ": meta_archs.32767. is '8:8:8:8:9'"),
            (
                {**GOOD, "meta_archs": [*ARCHS[:-1], ARCHS[0]]},
                ": meta_archs.32767. is '8:8:8:8:8' again, as meta_archs.0.",
            ),
            ({**GOOD, "total_archs": True}, ": total_archs is True"),
            ({**GOOD, "evaluated_indexes": "all"}, ": evaluated_indexes is 'all'"),
            ({"meta_archs": ARCHS}, ".*no field total_archs; it was expected beside meta_archs"),
            ([1, 2], ": a list; a dict of meta_archs"),
        ],
        ids=range(11),
    )
    def test_meta_of_the_wrong_shape(self, folder: Path, meta: object, message: str) -> None:
        dump(meta, folder / META)
        with pytest.raises(ArchiveError, match=f"meta.pickle.pbz2{message}"):
            open_archive(folder)

    def test_another_order_is_kept(self, folder: Path) -> None:
        archs = SSS.architectures[:16][::-1]
        dump({"meta_archs": archs, "total_archs": 16}, folder / META)
        states = record(SSS, 7)
        for state in states.values():
            state["arch_str"] = archs[7]
        dump(states, folder / NAME)
        archive = open_archive(folder)
        assert archive.meta_archs == archs
        assert records(archive).keys() == {7}
