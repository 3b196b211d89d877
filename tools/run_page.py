"""Run the Python of a page of the documentation, and write the figures that it shows.

    python tools/run_page.py docs/gallery.md TSS.h5 SSS.h5

Blocks run in order and share their names; ``tss`` and ``sss`` are the paths of the stores. A block after
``<!-- figure NAME -->`` leaves its figure in ``ax``, which goes to PAGE/NAME.png beside the page, or to --figures.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

BLOCK = re.compile(r"(?:<!-- figure (?P<figure>\w+) -->\n)?```python\n(?P<code>.*?)```", re.DOTALL)


def run_page(page: Path, tss: Path, sss: Path, figures: Path) -> list[str]:
    """Run a page; returns the names of the figures that were written to ``figures``."""
    names: dict[str, Any] = {"tss": tss, "sss": sss}
    written = []
    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        exec(compile(block["code"], str(page), "exec"), names)
        if block["figure"]:
            figures.mkdir(exist_ok=True)
            names["ax"].figure.savefig(figures / f"{block['figure']}.png", dpi=80, metadata={"Software": None})
            written.append(block["figure"])
    return written


@click.command()
@click.argument("page", type=click.Path(exists=True, path_type=Path))
@click.argument("tss", type=click.Path(exists=True, path_type=Path))
@click.argument("sss", type=click.Path(exists=True, path_type=Path))
@click.option("--figures", type=click.Path(path_type=Path), help="A folder.  [default: named as the page, beside it]")
def main(page: Path, tss: Path, sss: Path, figures: Path | None) -> None:
    """Run the Python of PAGE with the stores TSS and SSS."""
    try:
        import matplotlib

        matplotlib.use("agg")
    except ImportError:
        pass  # a page without figures needs none
    for name in run_page(page, tss, sss, figures or page.with_suffix("")):
        click.echo(name)


if __name__ == "__main__":
    main()
