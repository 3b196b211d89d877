"""The pages of the documentation that are run by ``tools/run_page.py``, on small stores."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from support.made import Made
from support.small_spaces import small_space

ROOT = Path(__file__).parents[2]


def run_page(page: Path, made: Made, figures: Path) -> list[str]:
    spec = importlib.util.spec_from_file_location("run_page", ROOT / "tools" / "run_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tss, sss = (small_space(made, name).path for name in ("tss", "sss"))
    found: list[str] = module.run_page(page, tss, sss, figures)
    return found


def test_the_gallery_shows_what_its_code_draws(tmp_path: Path, made: Made) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    pytest.importorskip("scipy")
    page = tmp_path / "gallery.md"
    text = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    small = text.replace("[0, 21, 6111]", "3906")  # of the small space
    page.write_text(re.sub(r"plot\.curves\(tss, \S+,", "plot.curves(tss, FIRST,", small), encoding="utf-8")
    first = small_space(made, "tss").indexes[:2].tolist()
    page.write_text(page.read_text(encoding="utf-8").replace("FIRST", str(first)), encoding="utf-8")
    written = run_page(page, made, tmp_path / "figures")
    shown = re.findall(r"\(gallery/(\w+)\.png\)", text)
    assert written == shown
    assert sorted(path.stem for path in (tmp_path / "figures").iterdir()) == sorted(shown)
    assert sorted(path.stem for path in (ROOT / "docs" / "gallery").iterdir()) == sorted(shown)
    matplotlib.pyplot.close("all")


@pytest.mark.slow
def test_the_predictor_learns(tmp_path: Path, made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("matplotlib")
    pytest.importorskip("scipy")
    page = tmp_path / "predictor.md"
    text = (ROOT / "docs" / "predictor.md").read_text(encoding="utf-8")
    page.write_text(text.replace("(100, 300, 1000)", "(40,)"), encoding="utf-8")
    assert run_page(page, made, tmp_path / "none") == []
    taus = [float(value) for value in re.findall(r" (-?\d\.\d+)", capsys.readouterr().out)]
    assert len(taus) == 2
    assert min(taus) > 0.3
