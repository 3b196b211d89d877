"""Stores by path and by URL: fetched once, checked by digest."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from natsbin.errors import MissingError, StoreError
from natsbin.sweep import Sweep, run, stores
from natsbin.sweep.stores import Location, locate, opened

fsspec = pytest.importorskip("fsspec", reason="URLs need fsspec")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv(stores.CACHE_VARIABLE, str(folder))
    opened.cache_clear()
    return folder


def test_a_url_is_fetched_once(small: Sweep, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Path(shutil.copy(small.stores["tss"], tmp_path / "tss.h5"))
    location = locate(source.as_uri())
    assert location.digest == locate(str(source)).digest
    for path in cache.glob("*.h5"):
        path.unlink()
    fetches, fetch = [], stores._fetch
    monkeypatch.setattr(stores, "_fetch", lambda *given: fetches.append(given) or fetch(*given))
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda _: stores._fetched(location.url, location.digest), range(8)))
    assert len(fetches) == 1
    assert set(paths) == {cache / f"{location.digest}.h5"}
    assert paths[0].read_bytes() == source.read_bytes()
    assert not list(cache.glob("*.partial"))
    source.unlink()
    assert opened(location).space.name == "tss"
    assert locate(location.url, location.digest) == location


def test_a_sweep_from_a_url(small: Sweep, cache: Path, tmp_path: Path) -> None:
    run(small, tmp_path / "path", engine="serial")
    urls = Sweep(**{**vars(small), "stores": {space: Path(one).as_uri() for space, one in small.stores.items()}})
    run(urls, tmp_path / "url", engine="serial")
    for kind in ("runs", "incumbents"):
        for path in (tmp_path / "path" / kind).iterdir():
            assert (tmp_path / "url" / kind / path.name).read_bytes() == path.read_bytes()


def test_a_missing_store(small: Sweep, cache: Path, tmp_path: Path) -> None:
    for url in (str(tmp_path / "no.h5"), (tmp_path / "no.h5").as_uri(), "nosuch://x/y.h5"):
        with pytest.raises(MissingError, match=r"no\.h5|nosuch"):
            locate(url)
    assert not list(cache.glob("*.partial"))


def test_another_store_than_before(small: Sweep, cache: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(small.stores["tss"], tmp_path / "tss.h5"))
    location = locate(str(path))
    shutil.copy(small.stores["sss"], path)
    for other in (location, Location(path.as_uri(), location.digest)):
        with pytest.raises(StoreError, match=f"expected {location.digest}: not the store that this sweep"):
            opened(other)
    assert not list(cache.glob("*.h5"))


def test_a_store_that_is_none(cache: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    path.write_bytes(b"not a store")
    with pytest.raises(StoreError, match=r"x\.h5"):
        locate(str(path))


def test_a_cached_store_of_that_name_is_not_believed(small: Sweep, cache: Path) -> None:
    location = locate(Path(small.stores["tss"]).as_uri())
    shutil.copy(small.stores["sss"], cache / f"{location.digest}.h5")
    assert opened(location).space.name == "tss"


def test_a_relative_cache_home_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(stores.CACHE_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert stores.cache_folder() == tmp_path / ".cache" / "natsbin" / "stores"
