"""NAS-Bench-201's files of one architecture: read as torch reads them, and all else is refused in words."""

from __future__ import annotations

import copy
import io
import pickle
import random
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.files import Call

import natsbin
from natsbin._util.compare import difference
from natsbin.archive import fingerprint_of, is_full, open_archive
from natsbin.archive.nas_bench_201_files import read_architecture
from natsbin.archive.torch_file import HEAD
from natsbin.errors import ArchiveError, NoArchiveError, OutputError, UnsafePickleError
from natsbin.spaces import TSS
from natsbin.synthetic.nas_bench_201 import CONTAINERS, make_dict, make_infos

torch = pytest.importorskip("torch")

from support.full import same_weights, state_dict  # noqa: E402  (it needs torch)

INDEX = 1
NAME = "000001-FULL.pth"
ARCH = TSS.architectures[INDEX]


def full_infos(index: int = INDEX) -> dict[str, Any]:
    """What a file holds, with a few odd tensors a training; the first training has none."""
    infos = make_infos(index)
    for name, state in infos.items():
        state["clear_net_done"] = False
        for number, ((_, seed), trial) in enumerate(state["all_results"].items()):
            if name == "full" or number:
                trial["net_state_dict"] = state_dict(index + number, seed)
    return infos


def save(value: object, path: Path, container: str) -> Path:
    torch.save(value, path, _use_new_zipfile_serialization=container == "zip")
    return path


@pytest.fixture(params=CONTAINERS)
def container(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def as_torch(arrays: Any) -> Any:
    tensors = OrderedDict((name, torch.from_numpy(array)) for name, array in arrays.items())
    tensors._metadata = arrays._metadata  # type: ignore[attr-defined]
    return tensors


def test_weights_are_read(container: str, tmp_path: Path) -> None:
    infos = full_infos()
    states = read_architecture(save(infos, tmp_path / NAME, container), INDEX, ARCH, weights=True)
    for hp, name in (("200", "full"), ("12", "less")):
        for key, trial in infos[name]["all_results"].items():
            found = states[hp]["all_results"][key].pop("net_state_dict")
            expected = trial.pop("net_state_dict")
            assert found is expected is None or same_weights(as_torch(found), expected)
    assert difference(list(states.values()), list(infos.values())) is None


def test_tensors_that_share_a_storage(container: str, tmp_path: Path) -> None:
    infos, base = full_infos(), torch.arange(6.0)
    trial = next(iter(infos["full"]["all_results"].values()))
    trial["net_state_dict"] = OrderedDict(a=base[1:], b=base.view(2, 3).t(), c=base)
    states = read_architecture(save(infos, tmp_path / NAME, container), INDEX, ARCH, weights=True)
    found = next(iter(states["200"]["all_results"].values()))["net_state_dict"]
    assert [found[name].tolist() for name in "abc"] == [base[1:].tolist(), [[0, 3], [1, 4], [2, 5]], base.tolist()]
    found["c"][5] = 7
    assert (found["a"][4], found["b"][2, 1]) == (7, 7)


def test_objects_of_the_original(container: str, tmp_path: Path) -> None:
    from nas_201_api import ArchResults, ResultsCount

    infos, objects = full_infos(), {}
    for name, state in infos.items():
        results = objects[name] = ArchResults.create_from_state_dict(copy.deepcopy(state))
        assert all(isinstance(trial, ResultsCount) for trial in results.all_results.values())
    (read, plain) = (
        read_architecture(save(value, tmp_path / NAME, container), INDEX, ARCH, weights=True)
        for value in (objects, infos)
    )
    key = ("cifar100", 777)
    assert read["200"].keys() == plain["200"].keys()
    weights = [as_torch(one["200"]["all_results"][key].pop("net_state_dict")) for one in (read, plain)]
    assert same_weights(*weights)
    assert difference(read["200"]["all_results"][key], plain["200"]["all_results"][key]) is None


def test_without_weights(container: str, tmp_path: Path) -> None:
    states = read_architecture(save(full_infos(), tmp_path / NAME, container), INDEX, ARCH, weights=False)
    assert {trial["net_state_dict"] for state in states.values() for trial in state["all_results"].values()} == {None}
    assert all(state["clear_net_done"] for state in states.values())
    with pytest.raises(NoArchiveError, match="no such file; the file of architecture 2"):
        read_architecture(tmp_path / "000002-FULL.pth", 2, TSS.architectures[2], weights=False)


class Storage:
    """Pickled as the persistent id that it has."""

    def __init__(self, *identity: Any) -> None:
        self.identity = identity


class Pickler(pickle.Pickler):
    def persistent_id(self, obj: Any) -> Any:
        return obj.identity if isinstance(obj, Storage) else None


FOUR = Storage("storage", torch.FloatStorage, "7", "cpu", 4, None)
BYTES = torch.arange(4.0).numpy().tobytes()


def tensor(storage: Any = FOUR, *arguments: Any) -> Call:
    arguments = arguments or (0, (4,), (1,))
    return Call(torch._utils._rebuild_tensor_v2, storage, *arguments, False, OrderedDict())


def dumps(value: object) -> bytes:
    stream = io.BytesIO()
    Pickler(stream, 2).dump(value)
    return stream.getvalue()


def legacy(path: Path, value: object, keys: Any = ("7",), data: bytes = (4).to_bytes(8, "little") + BYTES) -> Path:
    path.write_bytes(HEAD + dumps(value) + pickle.dumps([*keys] if type(keys) is tuple else keys, 2) + data)
    return path


def zipped(path: Path, value: object, data: dict[str, bytes] | None = None, method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("made/data.pkl", dumps(value))
        for name, numbers in ({"7": BYTES} if data is None else data).items():
            archive.writestr(f"made/data/{name}", numbers, method)
    return path


Make = Callable[[Path], Path]


def named(*identity: Any) -> tuple[Make, Make]:
    """Files of both containers whose storage is named so."""
    return (
        lambda path: legacy(path, tensor(Storage(*identity))),
        lambda path: zipped(path, tensor(Storage(*identity))),
    )


def both(value: object) -> tuple[Make, Make]:
    return lambda path: legacy(path, value), lambda path: zipped(path, value)


def saved(container: str, change: Callable[[Any], object]) -> Make:
    """A whole file, saved by torch after a change of what it holds."""

    def make(path: Path) -> Path:
        infos = full_infos()
        return save(change(infos) or infos, path, container)

    return make


def in_a_trial(field: str, value: object) -> Callable[[Any], None]:
    def change(infos: Any) -> None:
        infos["full"]["all_results"]["cifar10", 777][field] = value

    return change


def cut(container: str, bytes_left: Callable[[int], int]) -> Make:
    def make(path: Path) -> Path:
        data = save(full_infos(), path, container).read_bytes()
        path.write_bytes(data[: bytes_left(len(data))])
        return path

    return make


def misnamed(path: Path) -> Path:
    """A zip file in which the name of an entry is no text."""
    data = bytearray(zipped(path, tensor()).read_bytes())
    central = data.index(b"PK\1\2")
    data[central + 9] |= 8  # the flag of names in UTF-8
    data[data.index(b"made", central)] = 0x8E
    path.write_bytes(data)
    return path


def flipped(path: Path) -> Path:
    """A zip file in which a number of a tensor was changed."""
    data = bytearray(zipped(path, tensor()).read_bytes())
    data[data.index(BYTES) + 5] ^= 1
    path.write_bytes(data)
    return path


FLOAT = torch.FloatStorage
REFUSED: list[tuple[Make | tuple[Make, Make], type[Exception], str]] = [
    (named("storage", FLOAT, "7", "cpu"), ArchiveError, "class, key, device, number of items. was expected"),
    (named("module", FLOAT, "7", "cpu", 4), ArchiveError, "class, key, device, number of items. was expected"),
    (named("storage", "FloatStorage", "7", "cpu", 4), ArchiveError, "'FloatStorage'; a class of torch's storages"),
    (named("storage", torch.BFloat16Storage, "7", "cpu", 4), UnsafePickleError, "asks for torch.BFloat16Storage"),
    (named("storage", OrderedDict, "7", "cpu", 4), UnsafePickleError, "collections.OrderedDict as a value"),
    (named("storage", Call, "7", "cpu", 4), UnsafePickleError, "asks for support.files.Call"),
    (named("storage", FLOAT, 7, "cpu", 4), ArchiveError, "the key 7; text of 1 to 32 characters"),
    (named("storage", FLOAT, "7" * 33, "cpu", 4), ArchiveError, "the key '7777.*; text of 1 to 32 characters"),
    (named("storage", FLOAT, "7", "cpu", -4), ArchiveError, "storage 7: -4 items"),
    (named("storage", FLOAT, "7", "cpu", 4.0), ArchiveError, "storage 7: 4.0 items"),
    (named("storage", FLOAT, "7", "cpu", 4, ("8", 0, 4)), ArchiveError, "a number of items alone was expected"),
    (named("storage", FLOAT, "7", "cpu", 2**40), ArchiveError, "storage 7: with its 4,398,046,511,104 bytes"),
    (named("storage", FLOAT, "7", "cpu", 5), ArchiveError, "storage 7: 16 bytes; 20, which are 5 items of float32"),
    (named("storage", torch.DoubleStorage, "7", "cpu", 4), ArchiveError,
     "storage 7: .* 4 items of float64, were|storage 7: 16 bytes; 32"),
    (both([tensor(), tensor(Storage("storage", FLOAT, "7", "cpu", 3))]), ArchiveError, "storage 7: 3 items of float32"),
    (both(tensor(FOUR, 1, (4,), (1,))), ArchiveError, "from item 1 on in a storage of 4 items"),
    (both(tensor(FOUR, 0, (2**31, 2**31), (0, 0))), ArchiveError, "in a storage of 4 items"),
    (both(tensor(BYTES)), ArchiveError, "a storage and an offset were expected"),
    (both(tensor()), ArchiveError, "a ndarray; a dict of full and less was expected"),
    (both({"full": FOUR, "less": FOUR}), ArchiveError, "hp '200': "),
    (both(Call(print, "run")), UnsafePickleError, "asks for (builtins|__builtin__).print"),
    (lambda path: legacy(path, tensor(), ()), ArchiveError, "0 storages, and 1 that the pickle names .*: 7"),
    (lambda path: legacy(path, tensor(), ("7", "8")), ArchiveError, "2 storages, and 1 .*: 8"),
    (lambda path: legacy(path, tensor(), ("7", "7")), ArchiveError, "2 storages, and 1 .*one is there twice"),
    (lambda path: legacy(path, tensor(), {"7": 1}), ArchiveError, "the list of its tensors is a dict"),
    (lambda path: legacy(path, tensor(), [["7"]]), ArchiveError, "the list of its tensors is a list of other"),
    (lambda path: legacy(path, tensor(), Call(print)), UnsafePickleError, r"the list of its tensors\).*asks for"),
    (lambda path: legacy(path, tensor(), data=(3).to_bytes(8, "little") + BYTES), ArchiveError,
     "storage 7: 12 bytes; 16, which are 4 items"),
    (lambda path: legacy(path, tensor(), data=(4).to_bytes(8, "little") + BYTES[:-1]), ArchiveError,
     "storage 7: 15 bytes; 16, which are 4 items"),
    (lambda path: legacy(path, tensor(), data=b"\4"), ArchiveError, "storage 7: 0 bytes; 16"),
    (lambda path: legacy(path, tensor(), data=(4).to_bytes(8, "little") + BYTES + b"x"), ArchiveError,
     "1 bytes or more follow the last storage"),
    (lambda path: zipped(path, tensor(), {}), ArchiveError, "0 storages, and 1 that the pickle names .*: 7"),
    (lambda path: zipped(path, tensor(), {"7": BYTES, "8": b""}), ArchiveError, "2 storages, and 1 .*: 8"),
    (lambda path: zipped(path, tensor(), {"7": BYTES[:-1]}), ArchiveError, "storage 7: 15 bytes; 16"),
    (lambda path: zipped(path, tensor(), {"7": bytes(999)}, zipfile.ZIP_DEFLATED), ArchiveError, "is compressed"),
    (flipped, ArchiveError, "Bad CRC"),
    (misnamed, ArchiveError, "a damaged zip file"),
    *((cut(container, left), ArchiveError, "bytes|cut short") for container in CONTAINERS
      for left in (lambda size: size // 3, lambda size: size - 1, lambda size: size - 40)),
    *((saved(container, change), error, words) for container in CONTAINERS for change, error, words in (
        (lambda infos: infos.update(full=7), ArchiveError, "hp '200': 7"),
        (lambda infos: infos.update(more={}), ArchiveError, "full and less were expected"),
        (lambda infos: [infos], ArchiveError, "a list; a dict of full and less was expected"),
        (lambda infos: infos["less"].update(arch_index=3), ArchiveError, "hp '12', arch_index: 3; 1"),
        (in_a_trial("net_state_dict", {"a": torch.zeros(2)}), ArchiveError, "'cifar10', 777.*net_state_dict"),
        (in_a_trial("net_state_dict", OrderedDict(a=1)), ArchiveError, r"net_state_dict\['a'\]: 1; a tensor"),
        (in_a_trial("net_state_dict", OrderedDict(a=FLOAT)), ArchiveError, r"net_state_dict\['a'\]: dtype"),
        (in_a_trial("flop", torch.zeros(())), ArchiveError, "flop: "),
        (in_a_trial("net_state_dict", OrderedDict(a=torch.nn.Parameter(torch.zeros(2)))), UnsafePickleError,
         "_rebuild_parameter"),
        (in_a_trial("net_state_dict", torch.nn.Linear(2, 2)), UnsafePickleError, "NEWOBJ|asks for torch.nn"),
    )),
]  # fmt: skip


def refused() -> list[tuple[Make, type[Exception], str]]:
    flat = []
    for makes, error, words in REFUSED:
        flat += [(make, error, words) for make in (makes if isinstance(makes, tuple) else (makes,))]
    return flat


@pytest.mark.parametrize("case", range(len(refused())))
def test_bad_input(case: int, tmp_path: Path) -> None:
    make, error, words = refused()[case]
    path = make(tmp_path / NAME)
    with pytest.raises(error, match=words) as caught:
        read_architecture(path, INDEX, ARCH, weights=True)
    assert NAME in str(caught.value)
    if "Bad CRC" not in words:  # numbers that are not wanted are not read
        with pytest.raises(error, match=words):
            natsbin.convert(tmp_path, tmp_path / "bad.h5")
    assert sorted(one.name for one in tmp_path.iterdir()) == [NAME]


def test_the_hand_made_files_are_tensors(tmp_path: Path) -> None:
    """So that what differs from them is refused for that alone."""
    infos = full_infos()
    for state in infos.values():
        for trial in state["all_results"].values():
            trial["net_state_dict"] = OrderedDict(a=tensor(FOUR, 1, (3,), (1,)))
    for make in both(infos):
        states = read_architecture(make(tmp_path / NAME), INDEX, ARCH, weights=True)
        trials = [trial for state in states.values() for trial in state["all_results"].values()]
        assert [trial["net_state_dict"]["a"].tolist() for trial in trials] == [[1, 2, 3]] * len(trials)


@pytest.mark.parametrize("make", [legacy, zipped])
def test_1_000_mutated_files(make: Callable[[Path, object], Path], tmp_path: Path) -> None:
    rng = random.Random(5)
    data = make(tmp_path / NAME, tensor()).read_bytes()
    path, seen = tmp_path / "mutated.pth", set()
    for _ in range(1000):
        changed = bytearray(data)
        for _ in range(rng.randint(1, 3)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        path.write_bytes(changed)
        with pytest.raises(ArchiveError, match=r"mutated\.pth") as caught:  # a tensor is no record in any case
            read_architecture(path, INDEX, ARCH, weights=True)
        seen.add("a ndarray; a dict of full and less" in str(caught.value))
    assert seen == {True, False}


@pytest.fixture
def folder(container: str, tmp_path: Path) -> Path:
    """A folder of every kind of file, with others that do not count."""
    folder = tmp_path / "NAS-Bench-201-v1_1-archive"
    folder.mkdir()
    for index in (1, 4, 5):
        save(full_infos(index), folder / f"{index:06d}-FULL.pth", container)
    save({"full": 0}, folder / "000001-SIMPLE.pth", container)  # the other is read
    save(make_infos(7), folder / "000007-SIMPLE.pth", container)
    save(full_infos(9), folder / "000009-LESS.pth", container)
    (folder / "notes.txt").write_text("other files do not count")
    return folder


def test_a_folder_becomes_a_store(folder: Path, tmp_path: Path) -> None:
    there = [1, 4, 5, 7, 9]
    store = natsbin.open_store(natsbin.convert(folder, tmp_path / "store.h5"))
    assert (store.benchmark, store.space.name, store.hps) == ("NAS-Bench-201", "tss", ("12", "200"))
    assert store.indexes.tolist() == there
    assert natsbin.verify(store, folder).architectures == len(there)
    back = torch.load(natsbin.export(store, tmp_path / "back.pth"), weights_only=False)
    simple = make_dict(there)
    assert difference(back, {**simple, "arch2infos": dict(simple["arch2infos"])}, "exported") is None
    archive = open_archive(folder)
    assert difference(archive.read(4)["12"], make_infos(4)["less"], "read") is None
    with pytest.raises(ArchiveError, match=r"no architecture 2; 5 of 15,?625 are there"):
        archive.read(2)
    assert not is_full(folder)


def test_the_api_opens_a_folder(folder: Path) -> None:
    api = natsbin.NASBench201API(folder, verbose=False)
    assert api.evaluated_indexes == [1, 4, 5, 7, 9]
    assert folder.with_suffix(".h5").exists()
    api.reload(folder, 4)
    assert same_weights(api.get_net_param(4, "cifar10", 777, "200"), full_weights(4))
    with pytest.raises(ArchiveError, match=r"of NAS-Bench-201, which natsbin\.NASBench201API opens"):
        natsbin.create(str(folder), "tss", verbose=False)


def full_weights(index: int) -> Any:
    return full_infos(index)["full"]["all_results"]["cifar10", 777]["net_state_dict"]


def test_what_a_folder_is_not(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store.h5"
    with pytest.raises(ArchiveError, match=r"of the topology space.*the size space .* was expected"):
        natsbin.convert(folder, store, space="sss")
    with pytest.raises(ArchiveError, match="a NAS-Bench-201 folder, whose weights are read in place"):
        natsbin.convert_weights(folder, store)
    with pytest.raises(OutputError, match="a file of the archive"):
        natsbin.convert(folder, folder / "000004-FULL.pth", force=True)
    before = fingerprint_of(folder)
    (folder / "000004-FULL.pth").rename(folder / "000006-FULL.pth")
    assert fingerprint_of(folder).text != before.text
    with pytest.raises(ArchiveError, match=r"000006-FULL\.pth: hp '200', arch_index: 4; 6"):
        natsbin.convert(folder, store)
    (folder / "000006-FULL.pth").rename(folder / "020000-FULL.pth")
    with pytest.raises(ArchiveError, match=r"020000-FULL\.pth: architecture 20000"):
        natsbin.convert(folder, store)
    assert not store.exists()
