"""Folders, tars and split tars: what is read equals what was written, and bad ones are refused in words."""

from __future__ import annotations

import bz2
import pickle
from pathlib import Path

import pytest
from support.archives import (
    GENUINE,
    dump,
    make_folder,
    make_meta,
    make_states,
    make_tar,
    needs_genuine,
    same,
    split,
)

from natsbin.archive import Archive, open_archive
from natsbin.errors import ArchiveError, UnsafePickleError
from natsbin.spaces import SPACES, SSS, TSS, SearchSpace

INDEXES = (0, 3, 15_000)


def records(archive: Archive) -> dict[int, object]:
    """All records, by tasks that went through a pickle as on their way to another process."""
    tasks = [pickle.loads(pickle.dumps(task)) for task in archive.tasks()]
    return {record.index: record.states for task in tasks for record in task.read()}


@pytest.fixture(scope="module", params=["tss", "sss"])
def space(request: pytest.FixtureRequest) -> SearchSpace:
    return SPACES[request.param]


@pytest.fixture(scope="module")
def sample(space: SearchSpace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp(space.name) / f"{space.archive_name}-simple", space, INDEXES)


@pytest.fixture(params=["folder", "tar", "flat tar", "split tar"])
def opened(request: pytest.FixtureRequest, sample: Path, tmp_path: Path) -> Archive:
    if request.param == "folder":
        return open_archive(sample)
    inner = "" if request.param == "flat tar" else sample.name
    tar = make_tar(sample, tmp_path / f"{sample.name}.tar", inner)
    if request.param == "split tar":
        split(tar, 10_007)  # smaller than a file: pieces of one file lie in several chunks
        tar.unlink()
        return open_archive(f"{tar}??")
    return open_archive(tar)


def test_all_kinds_read_alike(opened: Archive, space: SearchSpace, sample: Path) -> None:
    assert opened.space is space
    assert opened.kind in ("folder", "tar", "split tar")
    assert opened.digest == space.archive_name[-5:]
    assert opened.indexes == list(INDEXES)
    assert opened.meta_archs == space.architectures
    assert opened.total_archs == len(space)
    assert opened.compressed_bytes == sum(file.stat().st_size for file in sample.glob("0*"))
    found = records(opened)
    assert list(found) == list(INDEXES)
    for index in INDEXES:
        assert same(found[index], make_states(space, index))
        assert same(opened.read(index), found[index])
    with pytest.raises(ArchiveError, match=r"no architecture 1; 3 of \d+ are there"):
        opened.read(1)


@needs_genuine
@pytest.mark.parametrize("space", ["tss", "sss"])
def test_genuine_samples_read_as_pickle_reads_them(space: str) -> None:
    path = GENUINE / f"{SPACES[space].archive_name}-simple"
    archive = open_archive(path, space)
    assert archive.indexes == [0, 11]
    assert archive.meta_archs == SPACES[space].architectures
    for index, states in records(archive).items():
        data = bz2.decompress((path / f"{index:06d}.pickle.pbz2").read_bytes())
        assert same(states, pickle.loads(data))


def test_one_chunk_stands_for_all(sample: Path, tmp_path: Path, space: SearchSpace) -> None:
    chunks = split(make_tar(sample, tmp_path / "x.tar", "x"), 40_000)
    (tmp_path / "x.tar").unlink()
    assert len(chunks) > 2
    assert open_archive(chunks[1]).kind == "split tar"
    assert open_archive(list(reversed(chunks))).read(3).keys() == space.epochs.keys()


def test_a_missing_chunk_is_named(sample: Path, tmp_path: Path) -> None:
    chunks = split(make_tar(sample, tmp_path / "x.tar", "x"), 40_000)
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


def test_chunks_of_other_names_are_checked_by_content(sample: Path, tmp_path: Path) -> None:
    chunks = split(make_tar(sample, tmp_path / "x.tar", "x"), 40_000)
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
    with pytest.raises(ArchiveError, match="no-such-path: no such file or folder") as caught:
        open_archive(tmp_path / "no-such-path")
    assert isinstance(caught.value, FileNotFoundError)
    with pytest.raises(ArchiveError, match="nothing matches this pattern"):
        open_archive(str(tmp_path / "x.tara*"))
    with pytest.raises(ArchiveError, match="no path given"):
        open_archive([])
    with pytest.raises(ArchiveError, match=r"no meta.pickle.pbz2 and no NNNNNN"):
        open_archive(tmp_path)


def test_other_files_are_no_archives(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(b"no tar at all" * 100)
    with pytest.raises(ArchiveError, match=r"x.tar: not an uncompressed tar"):
        open_archive(tmp_path / "x.tar")
    (tmp_path / "x.tar").write_bytes(b"")
    with pytest.raises(ArchiveError, match=r"x.tar: not an uncompressed tar"):
        open_archive(tmp_path / "x.tar")
    with pytest.raises(ArchiveError, match="only the list of architectures"):
        open_archive(dump(make_meta(TSS), tmp_path / "meta.pickle.pbz2"))


class TestFolder:
    """A folder in which one thing is wrong."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return make_folder(tmp_path / "archive", SSS, (7,))

    def test_without_meta(self, folder: Path) -> None:
        (folder / "meta.pickle.pbz2").unlink()
        with pytest.raises(ArchiveError, match=r"no meta.pickle.pbz2 in this folder, which has 1 files"):
            open_archive(folder)

    def test_meta_alone(self, folder: Path) -> None:
        (folder / "000007.pickle.pbz2").unlink()
        with pytest.raises(ArchiveError, match="no architecture"):
            open_archive(folder)

    def test_other_files_do_not_matter(self, folder: Path) -> None:
        (folder / "._000001.pickle.pbz2").write_bytes(b"left by a file manager")
        (folder / "README").write_bytes(b"")
        assert open_archive(folder).indexes == [7]

    def test_an_index_beyond_meta(self, folder: Path) -> None:
        (folder / "000007.pickle.pbz2").rename(folder / "040000.pickle.pbz2")
        with pytest.raises(ArchiveError, match=r"040000.pickle.pbz2: architecture 40000; .* 0 to 32767"):
            open_archive(folder)

    def test_a_file_under_another_number(self, folder: Path) -> None:
        (folder / "000007.pickle.pbz2").rename(folder / "000008.pickle.pbz2")
        with pytest.raises(ArchiveError, match=r"000008.pickle.pbz2: hp '01', arch_index: 7; 8, .* expected"):
            records(open_archive(folder))

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda data: data[:-20], "cut short: the bz2 data stops"),
            (lambda data: data[:-2000], "cut short: the bz2 data stops"),
            (lambda data: b"", "empty; a bz2 file was expected"),
            (lambda data: b"PK" + data[2:], "not a bz2 file, or damaged"),
            (lambda data: data[:3000] + b"xyz" + data[3003:], "not a bz2 file, or damaged"),
            (lambda data: data + b"more", "4 bytes or more follow the end of the bz2"),
            (lambda data: data + data, "bytes or more follow the end of the bz2"),
            (
                lambda data: bz2.compress(bz2.decompress(data) + b"x"),
                "1 bytes or more follow the end of the pickle",
            ),
            (lambda data: bz2.compress(bz2.decompress(data)[:-1]), "of the pickle: it is cut short"),
            (lambda data: bz2.compress(b"\xffplain text"), "no pickle opcode"),
            (lambda data: bz2.compress(b""), "of the pickle: it is cut short"),
            (lambda data: bz2.compress(bytes(17 << 20)), "more than 16,777,216 bytes"),
        ],
    )
    @pytest.mark.parametrize("name", ["000007.pickle.pbz2", "meta.pickle.pbz2"])
    def test_damaged_files_are_named(self, folder: Path, name: str, change: object, message: str) -> None:
        assert callable(change)
        (folder / name).write_bytes(change((folder / name).read_bytes()))
        with pytest.raises(ArchiveError, match=f"{name}: .*{message}"):
            records(open_archive(folder))

    @pytest.mark.parametrize("name", ["000007.pickle.pbz2", "meta.pickle.pbz2"])
    def test_hostile_files_are_named(self, folder: Path, name: str) -> None:
        (folder / name).write_bytes(bz2.compress(b"cos\nsystem\n(S'touch hit'\ntR."))
        with pytest.raises(UnsafePickleError, match=rf"{name}: .*it asks for os\.system"):
            records(open_archive(folder))

    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("meta_archs", None, "meta_archs is None; a list"),
            ("meta_archs", [], "meta_archs is a list; a list of architecture strings"),
            ("meta_archs", ["8:8:8:8:8"], "total_archs is 32768; 1, the length"),
            ("meta_archs", ["a", *SSS.architectures[1:]], "meta_archs.0.: 'a' is no architecture"),
            (
                "meta_archs",
                [*SSS.architectures[:-1], 5],
                "meta_archs.32767. is 5; an architecture of the size space",
            ),
            ("meta_archs", [*SSS.architectures[:-1], "8:8:8:8:9"], "meta_archs.32767. is '8:8:8:8:9'"),
            (
                "meta_archs",
                [*SSS.architectures[:-1], "8:8:8:8:8"],
                "meta_archs.32767. is '8:8:8:8:8' again, as meta_archs.0.",
            ),
            ("total_archs", True, "total_archs is True"),
            ("evaluated_indexes", "all", "evaluated_indexes is 'all'"),
        ],
    )
    def test_meta_of_the_wrong_shape(self, folder: Path, field: str, value: object, message: str) -> None:
        dump({**make_meta(SSS), field: value}, folder / "meta.pickle.pbz2")
        with pytest.raises(ArchiveError, match=f"meta.pickle.pbz2: {message}"):
            open_archive(folder)

    def test_meta_without_a_field(self, folder: Path) -> None:
        dump({"meta_archs": SSS.architectures}, folder / "meta.pickle.pbz2")
        with pytest.raises(ArchiveError, match="no field total_archs; it was expected beside meta_archs"):
            open_archive(folder)
        dump([1, 2], folder / "meta.pickle.pbz2")
        with pytest.raises(ArchiveError, match=r"meta.pickle.pbz2: a list; a dict of meta_archs"):
            open_archive(folder)

    def test_another_order_is_kept(self, folder: Path) -> None:
        archs = SSS.architectures[:16][::-1]
        dump({"meta_archs": archs, "total_archs": 16}, folder / "meta.pickle.pbz2")
        states = make_states(SSS, 7)
        for state in states.values():
            state["arch_str"] = archs[7]
        dump(states, folder / "000007.pickle.pbz2")
        archive = open_archive(folder)
        assert archive.meta_archs == archs
        assert records(archive).keys() == {7}
