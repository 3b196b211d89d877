"""How fast the explorer is in a browser, and how large: with the larger space, 32,768 points.

    python tools/bench_explorer.py SSS.h5 [--export FOLDER]

First paint and readiness are counted from the start of navigation, responses from the click to the frame after the
page has finished. Medians of several repetitions; the first of each is printed apart, as it loads and checks data.
"""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path
from typing import Any

import click
import psutil
from explorer_browser import browser, served, served_files

REPEATS = 9

LOADED = "performance.getEntriesByType('resource').reduce((sum, one) => sum + one.encodedBodySize, 0)"

# From a click to the frame in which its effect is seen, in ms.
RESPONSE = """async (selector) => {
    const settled = (before) => new Promise((resolve) => {
        const look = () => document.body.dataset.ready !== before
            ? requestAnimationFrame(() => setTimeout(resolve)) : setTimeout(look, 1);
        look();
    });
    const before = document.body.dataset.ready;
    const start = performance.now();
    document.querySelector(selector).click();
    await settled(before);
    return performance.now() - start;
}"""


def _line(name: str, times: list[float]) -> None:
    click.echo(f"{name:<28} first {times[0]:7.0f} ms, then {statistics.median(times[1:]):7.0f} ms")


def _loads(chromium: Any, address: str) -> tuple[list[float], list[float], Any]:
    """First paints and readiness of several new pages, and the last page."""
    paints, readies, page = [], [], None
    for _ in range(REPEATS):
        if page is not None:
            page.context.close()
        page = chromium.new_context(viewport={"width": 1360, "height": 900}).new_page()
        page.goto(address)
        page.wait_for_selector("body[data-ready]", timeout=60_000)
        readies.append(page.evaluate("performance.now()"))
        paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
    return paints, readies, page


@click.command()
@click.argument("store", type=click.Path(path_type=Path, exists=True))
@click.option("--export", "folder", type=click.Path(path_type=Path), help="Also write a static site, then remove it.")
def main(store: Path, folder: Path | None) -> None:
    """Measure the explorer of a store."""
    with served([store]) as address, browser() as chromium:
        paints, readies, page = _loads(chromium, address)
        _line("first paint", paints)
        _line("ready for use", readies)
        loaded = page.evaluate(LOADED)
        page.wait_for_selector("body[data-prefetched]", timeout=60_000)
        after = page.evaluate(LOADED)
        click.echo(f"{'loaded':<28} {loaded / 1e6:.2f} MB when ready, {after / 1e6:.2f} MB with what cards need")
        _line("filter", [page.evaluate(RESPONSE, ".places tbody input") for _ in range(REPEATS)])
        opens = []
        for place in range(1, REPEATS + 1):
            opens.append(page.evaluate(RESPONSE, f".selection tbody tr:nth-child({place}) button"))
        _line("card of another architecture", opens)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        session.send("HeapProfiler.collectGarbage")
        metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        buffers = session.send("Runtime.getHeapUsage").get("backingStorageSize", 0)
        server = next(one for one in psutil.Process().children() if "explore" in one.cmdline())
        memory = server.memory_full_info()
        click.echo(
            f"{'memory of the server':<28} {memory.uss / 1e6:.0f} MB private, {memory.rss / 1e6:.0f} MB with the map"
        )
        click.echo(
            f"{'memory of the page':<28} {(metrics['JSHeapUsedSize'] + buffers) / 1e6:.0f} MB of scripts and arrays"
        )
    if folder is not None:
        from natsbin.explore import export_site, make_site

        site = make_site([store], epochs=12, curves=("accuracy",), level=6)
        size = export_site(site, folder)
        curves = sum(path.stat().st_size for path in folder.rglob("curves/*.bin"))
        click.echo(
            f"{'exported site':<28} {size / 1e6:.0f} MB in {len(site.files)} files, {curves / 1e6:.0f} MB are curves"
        )
        with served_files(folder) as address, browser() as chromium:
            _, readies, page = _loads(chromium, address)
            _line("static site ready", readies)
            click.echo(f"{'static site loaded':<28} {page.evaluate(LOADED) / 1e6:.2f} MB when ready")
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
