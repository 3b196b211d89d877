"""Opening a benchmark: from a dict, a store, an archive that is converted once, or ``$TORCH_HOME``."""

from __future__ import annotations

import copy
import itertools
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nats_bench
import numpy as np
import pytest
from support.files import benchmark
from support.made import Made
from support.oracle import Outcome, agree, ask, difference, plain

import natsbin
from natsbin.errors import ArchiveError, MissingError, NoWeightsWarning, OutputError, QuestionError
from natsbin.roads import cache
from natsbin.spaces import SSS, TSS

INDEXES = [2, 7, 9]


@pytest.fixture
def folder(made: Made) -> Path:
    return made.archive(TSS, INDEXES)


@pytest.fixture
def store(made: Made) -> Path:
    return made.store(TSS, INDEXES)


@pytest.fixture(autouse=True)
def _own_homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


def both(*args: Any, **kwargs: Any) -> tuple[Outcome, Outcome]:
    theirs = ask(lambda: repr(nats_bench.create(*args, **kwargs)))
    return theirs, ask(lambda: repr(natsbin.create(*args, **kwargs)))


def test_a_dict_as_in_the_original(folder: Path) -> None:
    whole = benchmark(folder)
    for fast_mode, verbose in itertools.product((True, False), repeat=2):
        assert difference(*both(whole, "tss", fast_mode, verbose)) is None
    assert difference(*both(whole, "topology")) is None
    for changes in (
        {"meta_archs": tuple(whole["meta_archs"])},
        {"evaluated_indexes": [7, 2]},
        {"meta_archs": whole["meta_archs"][:9] * 2},
        {"arch2infos": {}},
    ):
        assert difference(*both({**whole, **changes}, "tss")) is None
    for key in whole:
        assert difference(*both({k: v for k, v in whole.items() if k != key}, "tss")) is None


def test_a_dict_is_not_touched(folder: Path) -> None:
    whole = benchmark(folder)
    api = natsbin.create(whole, "tss", verbose=False)
    before = plain(benchmark(folder))
    for results in api.arch2infos_dict[7].values():
        for trial in results.all_results.values():
            trial.train_losses.clear()
    assert plain(whole) == before


def test_what_is_no_benchmark() -> None:
    for space in ("xss", "TSS", None, ""):
        assert difference(*both({}, space)) is None
    for wrong in (5, "/nowhere", b"x", [1]):
        assert difference(*both(wrong, "tss", verbose=False)) is None


def test_facts_about_the_spaces() -> None:
    for main in ("nats-bench", "tss", None):
        for aux in ("tss", "sss", "topology", "size", "x", None):
            agree(lambda lib, args=(main, aux): lib.search_space_info(*args), nats_bench, natsbin)
    assert natsbin.version() == nats_bench.version()


@pytest.mark.parametrize("fast_mode", [False, True])
def test_an_archive_is_converted_once(tmp_path: Path, folder: Path, fast_mode: bool) -> None:
    mine = tmp_path / folder.name
    shutil.copytree(folder, mine)
    theirs = ask(lambda: repr(nats_bench.create(str(mine), "tss", True)))
    ours = ask(lambda: repr(natsbin.create(str(mine), "tss", fast_mode, True)))
    if fast_mode:
        assert difference(theirs, ours) is None
    converted = tmp_path / f"{folder.name}.h5"
    first = converted.stat().st_mtime_ns
    assert len(natsbin.create(mine, "tss", fast_mode, False)) == len(TSS)
    assert converted.stat().st_mtime_ns == first
    (mine / "000009.pickle.pbz2").unlink()
    os.utime(mine, ns=(first + 10**9, first + 10**9))
    assert list(natsbin.create(mine, "tss", verbose=False).arch2infos_dict) == [2, 7]
    assert converted.stat().st_mtime_ns != first


def test_beside_a_folder_that_is_read_only_the_cache_is_the_users(tmp_path: Path, folder: Path) -> None:
    place = tmp_path / "shared"
    shutil.copytree(folder, place / folder.name)
    place.chmod(0o555)
    try:
        api = natsbin.create(place / folder.name, "tss", verbose=False)
        assert api.evaluated_indexes == set(INDEXES)
        assert [file.name for file in place.iterdir()] == [folder.name]
        (cached,) = (tmp_path / "cache" / "natsbin").iterdir()
        assert cached.name.startswith(f"{folder.name}-")
    finally:
        place.chmod(0o755)


def test_no_place_for_a_store(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setattr(cache, "caches", lambda _: iter([blocked / "a.h5", blocked / "b.h5"]))
    with pytest.raises(OutputError, match="no place"):
        natsbin.create(folder, "tss", verbose=False)


@pytest.mark.parametrize("kind", ["folder", "tar", "benchmark"])
def test_torch_home_with_an_archive(made: Made, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    home, made_one = tmp_path / "torch", made.archive(TSS, INDEXES, kind=kind)
    home.mkdir()
    (home / made_one.name.replace("NATS-tss-made", TSS.archive_name)).symlink_to(made_one)
    if kind == "benchmark":  # its name promises the md5 of the genuine file
        with pytest.raises(ArchiveError, match="md5"):
            natsbin.create(None, "tss", verbose=False)
        return
    for fast_mode in (False, True):
        api = natsbin.create(None, "tss", fast_mode)
        assert api.get_more_info(7, "cifar10", hp=200)
        assert f"api from {home}" in capsys.readouterr().out


def test_torch_home_a_store_comes_first(tmp_path: Path, store: Path, folder: Path) -> None:
    home = tmp_path / "torch"
    shutil.copytree(folder, home / f"{TSS.archive_name}-simple")
    shutil.copy(store, home / f"{TSS.archive_name}.h5")
    assert natsbin.create(None, "tss", verbose=False).archive_dir == str(home / f"{TSS.archive_name}.h5")


@pytest.mark.parametrize("fast_mode", [False, True])
def test_torch_home_with_nothing(fast_mode: bool) -> None:
    theirs, ours = both(None, "tss", fast_mode, False)
    assert difference(theirs, ours) is None
    with pytest.raises(MissingError, match=r"NATS-tss-v1_0-3ffb9-simple, .*\.tar"):
        natsbin.create(None, "tss", fast_mode, False)


def test_a_store_of_the_other_space(store: Path) -> None:
    with pytest.raises(ArchiveError, match="topology space, but the size space"):
        natsbin.create(store, "sss", verbose=False)


def test_nothing_is_read_before_it_is_needed(store: Path) -> None:
    api = natsbin.create(store, "tss", verbose=False)
    api.get_more_info(7, "cifar100", 3, "200")
    api.simulate_train_eval(7, "cifar10")
    api.query_by_index(9, "cifar10", "12")
    assert repr(api) == "NATStopology(3/15625 architectures, fast_mode=False, file=store.h5)"
    assert not any(api.arch2infos_dict.is_live(index) for index in INDEXES)


def test_numbers_in_other_dress(store: Path, made: Made) -> None:
    api = natsbin.create(store, "tss", True, False)
    usual = api.get_more_info(7, "cifar10", 5, "200", False)
    for index in (np.int64(7), np.int32(7), np.uint8(7)):
        for hp in ("200", 200, np.int64(200)):
            assert plain(api.get_more_info(index, "cifar10", 5, hp, False)) == plain(usual)
            assert api.get_cost_info(index, "cifar10", hp) == api.get_cost_info(7, "cifar10", "200")
            assert api.query_info_str_by_arch(index, hp) == api.query_info_str_by_arch(7, "200")
            assert api.find_best("cifar10", "test", hp=hp, enforce_all=False) == (
                api.find_best("cifar10", "test", hp="200", enforce_all=False)
            )
            assert api.query_index_by_arch(index) == 7
    assert all(type(index) is int for index in api.evaluated_indexes)
    sizes = natsbin.create(made.store(SSS, [1]), "sss", verbose=False)
    for hp in ("01", "1", 1, np.int8(1)):
        assert sizes.get_more_info(1, "cifar10", None, hp, False) == sizes.get_more_info(1, "cifar10", 0, "01", False)
        assert sizes.statistics("cifar10", hp) == sizes.statistics("cifar10", "01")
        assert sizes.get_latency(1, "cifar10", hp) == sizes.get_latency(1, "cifar10", "01")


def test_errors_list_what_there_is(store: Path) -> None:
    for fast_mode in (True, False):
        api = natsbin.create(store, "tss", fast_mode, False)
        for question, said in (
            (lambda api: api.get_cost_info(4, "cifar10"), r"architecture 4 is not here: .* 3 of 15625 \(2, 7, 9"),
            (lambda api: api.get_more_info(7, "cifar10", hp="90"), r"\['12', '200'\] instead of 90"),
            (lambda api: api.get_more_info(7, "svhn"), "unknown dataset 'svhn': there are .*cifar10-valid"),
            (lambda api: api.get_more_info(7, "cifar10", is_random=5), "no seed 5 on cifar10"),
            (lambda api: api.get_more_info(7, "cifar10", 12), "invalid iepoch=12: expected 0 <= iepoch < 12"),
            (
                lambda api: api.get_cost_info("x", "cifar10"),
                "'x' is no architecture of the topology search space: expected 6 places",
            ),
            (lambda api: api.query_by_index(7, "svhn"), "invalid dataset-name : svhn vs. .*cifar100"),
            (lambda api: api.get_unique_str("x"), r"unknown architecture 'x': expected one like '\|"),
        ):
            with pytest.raises(QuestionError, match=said):
                question(api)


def test_fast_mode_grows_and_forgets(store: Path) -> None:
    api = natsbin.create(store, "tss", True, False)
    assert (list(api.arch2infos_dict), api.evaluated_indexes, api.avaliable_hps) == ([], set(), [])
    for index in (9, 2, 7):
        api.get_more_info(index, "cifar10")
    assert list(api.arch2infos_dict) == [9, 2, 7]
    assert api.arch2infos_dict.popitem(last=False)[0] == 9
    api.get_cost_info(9, "cifar10")
    assert list(api.arch2infos_dict) == [2, 7, 9]
    api.arch2infos_dict.clear()
    assert api.evaluated_indexes == {2, 7, 9}
    api.query_by_index(7)
    assert list(api.arch2infos_dict) == [7]
    assert sorted(api.avaliable_hps) == ["12", "200"]


def test_reload_forgets_changes(store: Path, folder: Path) -> None:
    api = natsbin.create(store, "tss", verbose=False)
    before = api.get_more_info(7, "cifar10", is_random=False)
    for root in (None, str(store), folder):
        for trial in api.arch2infos_dict[7]["12"].all_results.values():
            trial.train_losses[11] = 0.0
        assert api.get_more_info(7, "cifar10", is_random=False)["train-loss"] == 0.0
        api.reload(root, 7)
        assert plain(api.get_more_info(7, "cifar10", is_random=False)) == plain(before)
    with pytest.raises(QuestionError, match="no such archive"):
        api.reload("/nowhere", 7)
    with pytest.raises(AssertionError, match="is not here"):
        api.reload(None)


def test_another_archive_may_be_read_from(store: Path, made: Made) -> None:
    api = natsbin.create(store, "tss", True, False)
    api.reset_archive_dir(str(made.archive(TSS, [4])))
    assert api.get_more_info(4, "cifar10")["train-loss"] > 0
    assert api.arch2infos_dict.is_live(4)
    with pytest.raises(AssertionError):
        api.get_more_info(7, "cifar10")


def test_a_program_may_put_a_dictionary_of_its_own(store: Path) -> None:
    api = natsbin.create(store, "tss", verbose=False)
    mine = dict(api.arch2infos_dict)
    api.arch2infos_dict = mine
    assert api.arch2infos_dict is mine
    for trial in mine[7]["12"].all_results.values():
        trial.train_losses[11] = 0.0
    assert api.get_more_info(7, "cifar10")["train-loss"] == 0.0
    del mine[2]
    with pytest.raises(ValueError, match="architecture 2"):
        api.get_more_info(2, "cifar10")


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda api: pickle.loads(pickle.dumps(api))], ids=["copy", "pickle"])
@pytest.mark.parametrize("fast_mode", [False, True])
def test_an_api_may_be_copied_and_sent(store: Path, copied: Any, fast_mode: bool) -> None:
    api = natsbin.create(store, "tss", fast_mode, False)
    api.simulate_train_eval(9, "cifar10")
    for trial in api.arch2infos_dict[9]["12"].all_results.values():
        trial.train_losses[11] = 0.0
    api.get_more_info(2, "cifar10")
    other = copied(api)
    assert list(other.arch2infos_dict) == list(api.arch2infos_dict)
    assert not other.arch2infos_dict.is_live(2)
    assert (repr(other), other.used_time, other.evaluated_indexes) == (repr(api), api.used_time, api.evaluated_indexes)
    for question in (
        lambda one: one.get_more_info(9, "cifar10", is_random=False),
        lambda one: one.get_cost_info(2, "cifar10"),
        lambda one: one.get_more_info(7, "cifar100", 3, "200", False),
    ):
        assert plain(question(other)) == plain(question(api))
    other.arch2infos_dict[9]["12"].all_results.clear()
    assert api.get_more_info(9, "cifar10", is_random=False)["train-loss"] == 0.0


def test_where_weights_come_from_is_told_once(store: Path) -> None:
    api = natsbin.create(store, "tss", verbose=False)
    with pytest.warns(NoWeightsWarning, match="full archive, NATS-tss-v1_0-3ffb9-full"):
        found = api.get_net_param(7, "cifar10", None)
    assert set(found.values()) == {None}
    assert api.get_net_param(7, "cifar10", next(iter(found))) is None


def test_show_shows_all_by_default(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    api = natsbin.create(store, "tss", verbose=False)
    api.show()
    told = capsys.readouterr().out
    for place, index in enumerate(INDEXES):
        assert f"---------- The ({place:5d}/    3) {index:06d}-th architecture! ----------" in told
        api.show(index)
        assert capsys.readouterr().out in told


OPEN = """
import sys
import natsbin
api = natsbin.create(sys.argv[1], "tss", fast_mode=True, verbose=False)
slow = "numpy", "h5py", "pathlib", "dataclasses", "inspect", "hashlib", "tempfile", "concurrent", "multiprocessing"
print([name for name in slow if name in sys.modules])
print(api.get_cost_info(7, "cifar10", hp="12")["params"] > 0, "numpy" in sys.modules)
"""


def test_opening_a_store_imports_nothing_slow(store: Path) -> None:
    """Numpy alone takes longer to import than all that ``nats_bench`` does to open an archive."""
    command = [sys.executable, "-S", "-c", OPEN, str(store)]
    path = os.pathsep.join(filter(None, sys.path))  # -S: what `.pth` files of this installation import does not count
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    assert (done.stdout, done.stderr) == ("[]\nTrue True\n", "")
