"""Every page of the documentation runs (``tools/run_page.py``), and prints what it says that it prints."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from support.made import Made
from support.paths import DOCS, ROOT, TOOLS, load_tool
from support.small_spaces import CHOICES, small_space

from natsbin.roads.convert import convert
from natsbin.spaces import SSS, TSS
from natsbin.synthetic import make_archive

PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
NAMED = (0, 1, 2, 3, 4, 5, 6, 7, 21, 42, 6111)  # architectures that pages ask for
SMALLER = {  # what would take long, or needs a whole space
    "README.md": [
        ("natsbin convert NATS-tss-v1_0-3ffb9-simple.tar", "natsbin info tss.h5"),
        ("NATS-tss-v1_0-3ffb9-simple.h5", "tss.h5"),
        ("api.find_best(", "api.batch.find_best("),
    ],
    "tutorial.md": [("range(40)", "range(8)")],
    "predictor.md": [("(100, 300, 1000)", "(40,)")],
    "adaptors.md": [
        (
            'Objective("tss.h5", "cifar10", hp="200")',
            f'Objective("tss.h5", "cifar10", hp="200", choices={CHOICES["tss"]})',
        ),
        ('("accuracy", "flops"), hp="200")', f'("accuracy", "flops"), hp="200", choices={CHOICES["tss"]})'),
        ("NSGA2(100,", "NSGA2(10,"),
        ('("n_gen", 100)', '("n_gen", 2)'),
        ("n_trials=100", "n_trials=5"),
    ],
}
FULL = "NATS-sss-v1_0-50262-full"
SLOW = {"predictor.md"}


run_page = load_tool("run_page")


@pytest.fixture(scope="session")
def stores(made: Made) -> dict[str, Path]:
    """Two stores that have a small whole space each, and the architectures that pages name."""
    found = {}
    for space in (TSS, SSS):
        folder = made.folder()
        indexes = {*small_space(made, space.name).indexes.tolist(), *NAMED}
        archive = make_archive(folder / f"NATS-{space.name}-made-simple", space, indexes, jobs=1)
        found[f"{space.name}.h5"] = convert(archive, folder / f"{space.name}.h5", jobs=1)
    return found


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[pytest.mark.slow] * (page.name in SLOW), id=page.name) for page in PAGES]
)
def test_a_page_runs(
    page: Path, stores: dict[str, Path], made: Made, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = page.read_text(encoding="utf-8")
    blocks = run_page.blocks_of(text)
    if not blocks:
        pytest.skip("a page without code")
    assert text.count("```python\n") + text.count("```sh\n") == len(blocks)
    for was, smaller in SMALLER.get(page.name, []):
        assert was in text
        text = text.replace(was, smaller)
    left_out = {block.value for block in blocks if block.left_out is not None and block.key == "needs"}
    full = any(FULL in block.code for block in blocks if not block.left_out)
    files = {FULL: made.archive(SSS, [0], kind="full")} if full else stores
    (copy := tmp_path / page.name).write_text(text, encoding="utf-8")
    written = run_page.run_page(copy, files, tmp_path / "figures")
    shown = [block.value for block in blocks if block.key == "figure"]
    assert written == shown
    out = capfd.readouterr().out
    if page.name != "predictor.md" and not left_out:
        for printed in re.findall(r"```text\n(.*?)```", text, re.DOTALL):
            assert printed in out
    if page.name == "predictor.md":
        taus = [float(value) for value in re.findall(r" (-?\d\.\d+)", out)]
        assert len(taus) == 2
        assert min(taus) > 0.3


def test_the_gallery_shows_its_figures() -> None:
    text = (DOCS / "gallery.md").read_text(encoding="utf-8")
    drawn = sorted(block.value for block in run_page.blocks_of(text) if block.key == "figure")
    assert drawn == sorted(re.findall(r"\(gallery/(\w+)\.png\)", text))
    assert drawn == sorted(path.stem for path in (DOCS / "gallery").iterdir())


@pytest.mark.parametrize("file", sorted((DOCS / "results").glob("*.json")), ids=lambda file: file.stem)
def test_results_become_tables(file: Path) -> None:
    sys.path.append(str(TOOLS / "bench"))
    try:
        text = load_tool("pages").page(file)
    finally:
        sys.path.remove(str(TOOLS / "bench"))
    machine = json.loads(file.read_text(encoding="utf-8"))["machine"]
    first, *rows = text.splitlines()
    assert first.startswith(f"{machine['date'][:10]}: {machine['processor']}")
    assert f"natsbin {machine['natsbin']}" in first
    table = [row for row in rows if row.startswith("|")]
    assert len(table) > 3
    assert len({row.count("|") for row in table}) == 1
