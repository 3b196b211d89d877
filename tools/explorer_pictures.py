"""Pictures of every view of the explorer, for looking at, and those that the README shows.

    python tools/explorer_pictures.py TSS.h5 SSS.h5 --sweep DIR --out FOLDER
    python tools/explorer_pictures.py TSS.h5 SSS.h5 --sweep DIR --readme

It drives the Chromium of the system with Playwright. ``--readme`` writes ``docs/images``.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from explorer_browser import browser, served
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
ARCHITECTURES = (1462, 11714, 6111, 2538, 9930, 14174)

CARD = "open=6111"
PLACES = "places=0-12_5-10"
PICTURE = "space=sss&x=latency.cifar10.90&zoom=0.0082_0.0184_79_93.4&open=28607&compare=26623_11767"
VIEWS = {
    "explore": "",
    "size": "space=sss&x=latency.cifar10.90&color=accuracy.cifar100.x-test.90.89",
    "filters": f"{PLACES}&color=place.5&limits=params.cifar10.200_0.3_1",
    "lasso": "region=lasso_40_60_120_95_220_90_180_55&color=flops.cifar10.200",
    "card": CARD,
    "size_card": "space=sss&open=20000",
    "compare": f"view=compare&compare={'_'.join(map(str, ARCHITECTURES))}",
    "agreement": "view=agreement",
    "sweep": "view=sweep&moment=30",
    "sweep_runs": "view=sweep&moment=30&runs=1",
}
WIDE, NARROW = {"width": 1360, "height": 900}, {"width": 390, "height": 844}


@contextmanager
def _page(chromium: Any, address: str, **options: Any) -> Iterator[Any]:
    page = chromium.new_page(**options)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(address)
    page.wait_for_selector("body[data-ready]", timeout=60_000)
    page.wait_for_load_state("networkidle", timeout=60_000)
    page.wait_for_timeout(400)
    yield page
    page.close()
    if errors:
        raise click.ClickException(f"{address.partition('#')[2]}: {errors}")


@click.command()
@click.argument("tss", type=click.Path(path_type=Path, exists=True))
@click.argument("sss", type=click.Path(path_type=Path, exists=True))
@click.option("--sweep", type=click.Path(path_type=Path, exists=True), help="The folder of a sweep.")
@click.option("--out", type=click.Path(path_type=Path), help="Write pictures of all views to this folder.")
@click.option("--readme", is_flag=True, help="Write the pictures of the README.")
@click.option("--only", help="One view.")
def main(tss: Path, sss: Path, sweep: Path | None, out: Path | None, readme: bool, only: str | None) -> None:
    """Write pictures of the explorer of two stores."""
    with served([tss, sss], sweep) as address, browser() as chromium:
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            for name, state in VIEWS.items():
                if (name.startswith("sweep") and sweep is None) or only not in (None, name):
                    continue
                for scheme, size, label in (
                    ("light", WIDE, "light"),
                    ("dark", WIDE, "dark"),
                    ("light", NARROW, "narrow"),
                ):
                    # a card scrolls by itself, so the page has to be as high as it
                    view = {**size, "height": 2000} if "open=" in state else size
                    with _page(chromium, f"{address}#{state}", viewport=view, color_scheme=scheme) as page:
                        page.screenshot(path=out / f"{name}-{label}.png", full_page=True)
                        click.echo(out / f"{name}-{label}.png")
        if readme:
            images = ROOT / "docs" / "images"
            images.mkdir(exist_ok=True)
            with _page(chromium, f"{address}#{PICTURE}", viewport=WIDE, color_scheme="light") as page:
                page.screenshot(path=images / "explorer.png")
            _shrink(images / "explorer.png")
            if sweep is not None:
                _sweep_report(sweep, images / "sweep.png")


def _shrink(picture: Path) -> None:
    """Few colors: a third of the size."""
    with Image.open(picture) as image:
        image.convert("RGB").quantize(96, dither=Image.Dither.NONE).save(picture, optimize=True)


def _sweep_report(sweep: Path, picture: Path) -> None:
    from natsbin.sweep.report import write_report

    with tempfile.TemporaryDirectory() as folder:
        write_report(sweep, Path(folder))
        first = min(Path(folder).glob("accuracy_*.png"))
        shutil.copy(first, picture)


if __name__ == "__main__":
    main()
