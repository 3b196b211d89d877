"""A static site is the server's files."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from typing import Any

import pytest
from support.commands import runner
from support.paths import GOLDEN
from support.tiny import state, trial, write_archive

from natsbin.cli import main
from natsbin.errors import OutputError
from natsbin.explore import Site, export_site, make_site
from natsbin.roads.convert import convert
from natsbin.spaces import TSS
from natsbin.store import Store


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files(tss: Store, tmp_path: Path) -> None:
    site = make_site([tss], epochs=2, curves=("accuracy",))
    seen: list[Any] = []
    size = export_site(site, tmp_path / "site", show=lambda done, total: seen.append((done, total)))
    found = files_below(tmp_path / "site")
    assert found == {name: make() for name, make in site.files.items()}
    assert size == sum(map(len, found.values()))
    assert seen[-1] == (len(found), len(found))
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_the_command(tss: Store, sss: Store, tmp_path: Path) -> None:
    command = ["explore", str(tss.path), str(sss.path), "--export", str(tmp_path / "site"), "--epochs", "1", "--quiet"]
    result = runner().invoke(main, [*command, "--curves", "none"])
    assert result.exit_code == 0, result.output
    assert "MB" in result.stdout
    assert (tmp_path / "site" / "index.html").is_file()
    assert not list((tmp_path / "site").rglob("curves"))
    again = runner().invoke(main, command)
    assert again.exit_code == 1
    assert "exists already" in again.stderr


@pytest.mark.parametrize("name", ["tss", "sss"])
def test_stores_that_lack_most(name: str, tmp_path: Path) -> None:
    path = tmp_path / "golden.h5"
    path.write_bytes(gzip.decompress((GOLDEN / "v2" / f"{name}.h5.gz").read_bytes()))
    assert export_site(make_site([path], epochs=2), tmp_path / "site") > 0


def test_nothing_is_left_of_a_failure(tmp_path: Path) -> None:
    def fail() -> bytes:
        raise OSError("disk full")

    site = Site({"index.html": lambda: b"x", "b.bin": fail}, {})
    with pytest.raises(OutputError, match="disk full"):
        export_site(site, tmp_path / "site")
    with pytest.raises(OutputError, match="in one that exists"):
        export_site(site, tmp_path / "no" / "site")
    assert list(tmp_path.iterdir()) == []


def test_other_archives(tmp_path: Path) -> None:
    """Names that are paths or no names of files are left out, and nothing is written elsewhere."""
    rng = random.Random(9)
    text, datasets = TSS.architectures[7], {"svhn": ("x-valid", "a/b"), "tiny/imagenet": ("x-valid",), "..": ()}
    trials = {(name, 5): trial(text, sets, 5, 3, rng) for name, sets in datasets.items()}
    archive = write_archive(tmp_path / "MQ-simple", TSS.architectures[7:9], {0: {"5": state(0, text, trials)}})
    export_site(make_site([convert(archive, tmp_path / "other.h5", jobs=1)]), tmp_path / "site")
    folder = tmp_path / "site" / "data" / "tss" / "5"
    assert [path.name for path in folder.iterdir()] == ["svhn"]
    assert {path.name for path in (folder / "svhn").iterdir() if path.is_dir()} == {"time", "train", "x-valid"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["MQ-simple", "other.h5", "site"]
