"""Run the code of a page of the documentation, and write the figures that it shows.

    python tools/run_page.py docs/gallery.md TSS.h5 SSS.h5

Blocks run in order, in an empty folder with the stores ``tss.h5`` and ``sss.h5``: those of ``python`` share their names
(``tss`` and ``sss`` are the paths of the stores), those of ``sh`` run the lines that begin with ``natsbin``. A comment
before a block says what is particular about it:

- ``<!-- figure NAME -->``: it leaves a figure in ``ax``, which goes to PAGE/NAME.png beside the page, or to --figures;
- ``<!-- needs LIBRARY -->``: it is left out where that cannot be imported;
- ``<!-- not run: WHY -->``: it is never run.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click

_COMMENTED = re.compile(
    r"(?:<!-- (?P<key>figure|needs|not run:) (?P<value>[^>]*?) -->\n)?```(?P<language>python|sh)\n(?P<code>.*?)```",
    re.DOTALL,
)


class Block(NamedTuple):
    """One block of code, and the comment before it."""

    language: str
    code: str
    key: str | None
    value: str

    @property
    def left_out(self) -> str | None:
        """Why it is not run here, or None."""
        if self.key == "needs" and importlib.util.find_spec(self.value) is None:
            return f"needs {self.value}"
        return self.value if self.key == "not run:" else None


def blocks_of(page: str) -> list[Block]:
    """The blocks of a page's text that are Python or shell, in order."""
    return [Block(one["language"], one["code"], one["key"], one["value"] or "") for one in _COMMENTED.finditer(page)]


def run_page(page: Path, files: Mapping[str, Path], figures: Path) -> list[str]:
    """Run a page where ``files`` have those names; returns the names of the figures, written to ``figures``."""
    written = []
    text, figures = page.read_text(encoding="utf-8"), figures.absolute()
    with _folder_of(files) as folder:
        names: dict[str, Any] = {"tss": folder / "tss.h5", "sss": folder / "sss.h5"}
        for block in blocks_of(text):
            if block.left_out is not None:
                continue
            if block.language == "sh":
                _run_lines(block.code)
            else:
                exec(compile(block.code, str(page), "exec"), names)
            if block.key == "figure":
                figures.mkdir(exist_ok=True)
                names["ax"].figure.savefig(figures / f"{block.value}.png", dpi=80, metadata={"Software": None})
                written.append(block.value)
    return written


@contextlib.contextmanager
def _folder_of(files: Mapping[str, Path]) -> Iterator[Path]:
    """A folder to work in, with links to files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        for link, target in files.items():
            (folder / link).symlink_to(target.absolute())
        before = Path.cwd()
        os.chdir(folder)
        try:
            yield folder
        finally:
            os.chdir(before)


def _run_lines(code: str) -> None:
    for line in code.splitlines():
        if line.startswith("natsbin "):
            subprocess.run([sys.executable, "-m", *shlex.split(line, comments=True)], check=True)


@click.command()
@click.argument("page", type=click.Path(exists=True, path_type=Path))
@click.argument("tss", type=click.Path(exists=True, path_type=Path))
@click.argument("sss", type=click.Path(exists=True, path_type=Path))
@click.option("--figures", type=click.Path(path_type=Path), help="A folder.  [default: named as the page, beside it]")
def main(page: Path, tss: Path, sss: Path, figures: Path | None) -> None:
    """Run the code of PAGE with the stores TSS and SSS."""
    try:
        import matplotlib

        matplotlib.use("agg")
    except ImportError:
        pass  # a page without figures needs none
    for name in run_page(page, {"tss.h5": tss, "sss.h5": sss}, figures or page.with_suffix("")):
        click.echo(name)


if __name__ == "__main__":
    main()
