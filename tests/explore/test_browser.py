"""The explorer in a real browser: what the page shows and exports equals the API's answers.

They need Playwright and a Chromium of the system. ``NATSBIN_WHOLE`` may name two stores of whole spaces, separated by
``:``; otherwise the stores have few architectures. ``NATSBIN_AXE`` may name the file ``axe.min.js`` of axe-core.
"""

from __future__ import annotations

import csv
import io
import itertools
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.paths import load_tool

from natsbin import Batch, encodings
from natsbin.adaptors.opening import store_digits
from natsbin.explore import export_site, make_site
from natsbin.rules import where_kept
from natsbin.store import Store, open_store

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright, which drives a browser")
tools = load_tool("explorer_browser")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not any(map(shutil.which, tools.CHROMIUMS)), reason="needs a Chromium of the system"),
]

WHOLE = os.environ.get("NATSBIN_WHOLE")
AXE = os.environ.get("NATSBIN_AXE")
VIEWS = ["", "open=@0", "view=compare&compare=@0_@1", "view=agreement", "space=sss&open=@0"]


@pytest.fixture(scope="module")
def stores(tss: Store, sss: Store) -> dict[str, Store]:
    opened = [open_store(Path(path)) for path in WHOLE.split(os.pathsep)] if WHOLE else [tss, sss]
    return {store.space.name: store for store in opened}


@pytest.fixture(scope="module")
def address(stores: dict[str, Store]) -> Iterator[str]:
    with tools.served([store.path for store in stores.values()]) as address:
        yield address


@pytest.fixture(scope="module")
def static(stores: dict[str, Store], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("static") / "site"
    export_site(make_site(list(stores.values()), epochs=2, curves=() if WHOLE else ("accuracy",)), folder)

    with tools.served_files(folder) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with tools.browser() as chromium:
        yield chromium


class Tab:
    """A page that watches for errors and for requests to elsewhere."""

    def __init__(self, chromium: Any, address: str, state: str = "", **options: Any) -> None:
        self.context = chromium.new_context(**{"viewport": {"width": 1300, "height": 900}, **options})
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.bytes, self.names = 0, []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda one: self.errors.append(one.text) if one.type == "error" else None)
        self.page.on("response", self._count)
        self.origin = address
        self.page.goto(f"{address}#{state}")
        self.settle()

    def _count(self, answer: Any) -> None:
        if not answer.url.startswith(self.origin):
            self.errors.append(f"asked for {answer.url}")
        self.names.append(answer.url.removeprefix(self.origin))
        self.bytes += int(answer.headers.get("content-length", 0))

    def settle(self) -> None:
        self.page.wait_for_selector("body[data-ready]", timeout=60_000)
        self.page.wait_for_load_state("networkidle", timeout=60_000)
        self.page.wait_for_timeout(100)

    def click(self, name: str, role: str = "button", within: str = "body", **how: Any) -> None:
        self.page.locator(within).get_by_role(role, name=name, exact=True, **how).first.click()
        self.settle()

    @property
    def count(self) -> int:
        return int(self.page.get_attribute(".count", "data-count"))

    def csv(self) -> list[dict[str, str]]:
        with self.page.expect_download() as download:
            self.page.locator(".selection").get_by_role("button", name="CSV").click()
        return list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))

    def python(self) -> np.ndarray[Any, Any]:
        """The architectures that the exported program selects."""
        self.page.locator(".selection").get_by_role("button", name="Python").click()
        names: dict[str, Any] = {}
        exec(self.page.text_content(".code"), names)
        return np.asarray(names["selection"])

    def close(self) -> None:
        self.context.close()
        assert self.errors == []


@pytest.fixture
def tab(chromium: Any, address: str, stores: dict[str, Store], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Opens pages, which must have met no error when the test ends. Programs find the store by its name."""
    opened: list[Tab] = []
    by_name = {store.path.name: store for store in stores.values()}
    by_space = dict(stores)

    def find(path: str) -> Store:
        return by_space[current[0]] if len(by_name) < len(by_space) else by_name[path]

    current = ["tss"]
    monkeypatch.setattr("natsbin.open_store", find)

    def make(state: str = "", at: str = address, **options: Any) -> Tab:
        current[0] = "sss" if "space=sss" in state else "tss"
        opened.append(Tab(chromium, at, state, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def column(store: Store, spec: str) -> np.ndarray[Any, Any]:
    """What the API says of a column that the page names."""
    batch, index = Batch(store), store.indexes
    quantity, *rest = spec.split(".")
    if quantity == "count":
        return (store_digits(store, index) == int(rest[0])).sum(axis=1)
    if quantity == "channels":
        return encodings.channels(index).sum(axis=1, dtype=np.int64)
    if quantity in ("flops", "params", "latency"):
        return batch.get_cost_info(index, *rest)[quantity]
    if quantity == "time":
        return batch.column(rest[0], "train", "all_time", rest[1], int(rest[2]))[index]
    dataset, setname, hp, epoch = rest
    return batch.column(dataset, setname, quantity, hp, int(epoch))[index]


def check_rows(store: Store, rows: list[dict[str, str]]) -> None:
    """Every number of an exported table equals the API's."""
    assert rows
    places = np.searchsorted(store.indexes, [int(row["index"]) for row in rows])
    names = store.meta_archs
    assert [row["architecture"] for row in rows] == [names[one] for one in store.indexes[places].tolist()]
    for spec in set(rows[0]) - {"index", "architecture"}:
        found = np.array([float(row[spec] or "nan") for row in rows])
        assert np.array_equal(found, column(store, spec)[places].astype(np.float64), equal_nan=True), spec


def indexes(rows: list[dict[str, str]]) -> list[int]:
    return sorted(int(row["index"]) for row in rows)


@pytest.mark.parametrize("space", ["tss", "sss"])
def test_a_space_loads_and_exports(tab: Any, stores: dict[str, Store], space: str) -> None:
    store = stores[space]
    one = tab(f"space={space}")
    rows = one.csv()
    check_rows(store, rows)
    x, y = (column(store, spec) for spec in list(rows[0])[2:4])
    there = store.indexes[~(np.isnan(x) | np.isnan(y))]
    assert indexes(rows) == there.tolist()
    assert one.count == len(there)
    assert np.array_equal(one.python(), store.indexes)
    shown = one.page.evaluate("document.querySelector('.scatter canvas.points').width")
    assert shown > 100


def test_filters(tab: Any, stores: dict[str, Store]) -> None:
    store = stores["tss"]
    one = tab("color=latency.cifar10.200")
    one.page.get_by_label("edge 0 → 1: skip_connect").uncheck()
    one.settle()
    one.click("Add a limit")
    values = column(store, "flops.cifar10-valid.200")
    limit = float(np.nanmedian(values))
    one.page.locator(".limit input").nth(1).fill(repr(limit))
    one.page.locator(".limit input").nth(1).press("Tab")
    one.settle()
    rows = one.csv()
    check_rows(store, rows)
    y = column(store, "accuracy.cifar10-valid.x-valid.200.199")
    passes = (store_digits(store, store.indexes)[:, 0] != 1) & (values <= limit)
    assert indexes(rows) == store.indexes[passes & ~np.isnan(y)].tolist()
    assert np.array_equal(one.python(), store.indexes[passes])
    one.click("Remove all filters")
    assert one.count == int((~np.isnan(values) & ~np.isnan(y)).sum())


@pytest.mark.parametrize("mode", ["Box select", "Lasso select"])
def test_selections(tab: Any, stores: dict[str, Store], mode: str) -> None:
    one = tab("space=sss&x=latency.cifar10.90&y=rank.cifar100.x-test.90.89")
    everything = one.count
    one.click(mode)
    box = one.page.locator(".keys").bounding_box()
    corners = [(0.3, 0.1), (0.8, 0.15), (0.75, 0.7), (0.5, 0.75), (0.25, 0.8)]
    places = [(box["x"] + a * box["width"], box["y"] + b * box["height"]) for a, b in corners]
    one.page.mouse.move(*places[0])
    one.page.mouse.down()
    for place in places[1:] if mode == "Lasso select" else places[2:3]:
        one.page.mouse.move(*place, steps=12)
    one.page.mouse.up()
    one.settle()
    assert "region=" in one.page.url
    if WHOLE:
        assert 0 < one.count < everything
    found = one.csv() if one.count else []
    assert one.python().tolist() == indexes(found)
    again = tab(one.page.url.partition("#")[2])
    assert again.count == one.count
    one.page.locator(".keys").press("Escape")
    one.settle()
    assert one.count == everything


@pytest.mark.parametrize("space", ["tss", "sss"])
def test_a_card(tab: Any, stores: dict[str, Store], space: str) -> None:
    store, batch = stores[space], Batch(stores[space])
    one = tab(f"space={space}")
    index = int(one.page.text_content(".selection tbody tr:nth-child(2) th"))
    one.click(str(index), within=".selection")
    card = one.page.locator("#card")
    assert card.is_visible()
    assert card.locator("h2").text_content() == f"Architecture {index}"
    assert card.locator("p.arch").text_content() == store.meta_archs[index]
    assert card.locator("svg").first.get_attribute("aria-label") == store.meta_archs[index]
    hp = max(store.hps, key=lambda name: store.space.epochs[name])
    datasets = card.locator(".numbers thead th").all_text_contents()
    assert datasets == ["cifar10", "cifar100", "ImageNet16-120"]
    table = {
        row.locator("th").text_content(): [one.get_attribute("title") for one in row.locator("td").all()]
        for row in card.locator(".numbers tbody tr").all()
    }
    for place, dataset in enumerate(datasets):
        costs = batch.get_cost_info(index, dataset, hp)
        wanted = {"FLOPs (M)": costs["flops"], "parameters (M)": costs["params"], "latency (s)": costs["latency"]}
        for label in ("valid", "test"):
            kept, setname = where_kept(dataset, label)
            wanted[f"{label} accuracy (%)"] = batch.column(kept, setname, "accuracy", hp)[index]
            rank = batch.rank(index, dataset, label, hp=hp)
            wanted[f"{label} rank"] = np.nan if rank < 0 else rank
        for name, value in wanted.items():
            text = table[name][place]
            assert text == "missing" if np.isnan(value) else float(text) == float(value), (name, dataset)
    near = set(encodings.neighbours(store.space, index).tolist()) & set(store.indexes.tolist())
    shown = card.locator(".tall tbody th").all_text_contents()
    assert {int(text) for text in shown} == near
    assert card.locator("figure .legend li").count() >= 2 or "No values" in card.text_content()
    card.press("Escape")
    one.settle()
    assert not card.is_visible()


def test_comparison_and_links(tab: Any, stores: dict[str, Store]) -> None:
    store = stores["tss"]
    chosen = store.indexes[:7].tolist()
    one = tab(f"open={chosen[0]}")
    for index in chosen[:6]:
        one.page.get_by_label("Index or string").fill(store.meta_archs[index])
        one.click("Open")
        one.click("Compare", within="#card")
    one.page.get_by_label("Index or string").fill(str(chosen[6]))
    one.click("Open")
    assert one.page.get_by_role("button", name="Comparison is full").is_disabled()
    one.click("Close", within="#card")
    one.click("Compare (6)")
    assert one.page.locator(".compare thead th button").all_text_contents() == [str(index) for index in chosen[:6]]
    other = tab(one.page.url.partition("#")[2])
    assert other.page.locator(".compare tbody").inner_html() == one.page.locator(".compare tbody").inner_html()
    one.click(f"Remove {chosen[2]}")
    assert one.page.locator(".drawings figure").count() == 5
    latencies = one.page.locator(".compare tbody tr", has_text="cifar10: latency").locator("td").all()
    values = Batch(store).get_cost_info([*chosen[:2], *chosen[3:6]], "cifar10", "200")["latency"]
    found = [float(cell.get_attribute("title").replace("missing", "nan")) for cell in latencies]
    assert np.array_equal(found, values, equal_nan=True)


def test_fronts_and_ranks_of_the_page(tab: Any, stores: dict[str, Store]) -> None:
    """The page's own arithmetic, on columns with many equal numbers and gaps."""
    page = tab().page
    rng = np.random.default_rng(0)
    for up_x, up_y in itertools.product((False, True), repeat=2):
        x, y = rng.integers(0, 30, (2, 300)).astype(float)
        x[::17] = np.nan
        y[::23] = np.nan
        allowed = rng.random(300) < 0.8
        code = """async ([x, y, up, allowed]) => {
            const { paretoFront } = await import(new URL('columns.js', location.href).href);
            const nan = (list) => Float64Array.from(list, (value) => value ?? NaN);
            [x, y] = [nan(x), nan(y)];
            const gone = (row) => Number.isNaN(x[row]);
            const before = (a, b) => gone(a) - gone(b) || x[a] - x[b] || a - b;
            const order = Uint32Array.from([...x.keys()].sort(before));
            return Array.from(paretoFront(x, y, order, ...up, allowed));
        }"""
        given = [[None if np.isnan(one) else one for one in list_] for list_ in (x.tolist(), y.tolist())]
        found = page.evaluate(code, [*given, [up_x, up_y], allowed.tolist()])
        a, b = (x if up_x else -x), (y if up_y else -y)
        rows = np.flatnonzero(allowed & ~np.isnan(x) & ~np.isnan(y))
        better = [
            row
            for row in rows.tolist()
            if not ((a[rows] >= a[row]) & (b[rows] >= b[row]) & ((a[rows] > a[row]) | (b[rows] > b[row]))).any()
        ]
        assert sorted(found) == better
        assert (np.diff(x[found]) >= 0).all()
    store = stores["tss"]
    one = tab("x=flops.cifar10-valid.200&sort=rank.cifar10-valid.x-valid.200.199&down=0")
    front = Batch(store).pareto_front(["accuracy", "flops"], "cifar10", "valid", hp="200")
    bold = [int(text) for text in one.page.locator("tr.on-front th").all_text_contents()]
    assert bold
    assert set(bold) <= set(front.tolist())
    first = [int(text) for text in one.page.locator(".selection tbody th").all_text_contents()]
    assert set(first) & set(front.tolist()) == set(bold)


def test_a_static_site_is_the_same(tab: Any, stores: dict[str, Store], static: str) -> None:
    space = "space=sss"
    local, exported = tab(space), tab(space, static)
    assert exported.csv() == local.csv()
    check_rows(stores["sss"], exported.csv())
    assert exported.bytes < 6e6
    assert not any("/curves/" in name for name in exported.names)
    assert exported.page.get_by_role("button", name="Parquet").count() == 0
    assert "need the local server" in exported.page.text_content(".selection")
    exported.click(exported.page.text_content(".selection tbody th"), within=".selection")
    assert exported.page.locator("#card").is_visible()


def test_parquet(tab: Any, stores: dict[str, Store]) -> None:
    import pyarrow.parquet as pq

    one = tab()
    with one.page.expect_download() as download:
        one.page.get_by_role("button", name="Parquet").click()
    table = pq.read_table(download.value.path())
    assert sorted(set(table["architecture"].to_pylist())) == indexes(one.csv())


def test_a_sweep_plays(chromium: Any, stores: dict[str, Store], tmp_path: Path) -> None:
    sweep = pytest.importorskip("natsbin.sweep", reason="needs natsbin[sweep]")
    searches = sweep.Sweep(
        stores={"sss": str(stores["sss"].path)},
        algorithms=(sweep.AlgorithmSpec("random"), sweep.AlgorithmSpec("rea")),
        datasets=("cifar10",),
        trainings=40,
        seeds=5,
        times=10,
    )
    sweep.run(searches, tmp_path / "out", engine="serial")
    with tools.served([stores["sss"].path], tmp_path / "out") as address:
        one = Tab(chromium, address, "view=sweep&moment=2")
        assert one.page.text_content("output") == "12 trainings"
        assert {"random", "rea"} <= set(one.page.locator(".sweep .legend li").all_text_contents())
        one.page.get_by_role("button", name="Play").click()
        one.page.wait_for_url(re.compile(r"moment=[3-9]"))
        one.page.get_by_role("button", name="Pause").click()
        one.settle()
        stopped = one.page.url
        one.page.wait_for_timeout(600)
        assert one.page.url == stopped
        one.page.get_by_label("Moment").fill("9")
        one.settle()
        assert one.page.text_content("output") == "40 trainings"
        thin = one.page.locator(".sweep .chart path[stroke-width='0.8'], .sweep .chart circle[r='1.8']")
        assert thin.count() == 0
        one.page.get_by_label("Every run").check()
        one.settle()
        assert (thin.count() > 0) == bool(WHOLE)  # a small store lacks what most runs choose
        assert "runs=1" in one.page.url
        one.close()


def test_keyboard_and_narrow_screens(tab: Any, stores: dict[str, Store]) -> None:
    one = tab(viewport={"width": 390, "height": 800})
    assert one.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    one.page.keyboard.press("Tab")
    assert one.page.evaluate("document.activeElement.className") == "skip"
    plot = one.page.locator(".keys")
    plot.focus()
    for key in ("+", "ArrowLeft", "ArrowUp"):
        plot.press(key)
    one.settle()
    assert "zoom=" in one.page.url
    plot.press("0")
    one.settle()
    assert "zoom=" not in one.page.url
    one.page.locator(".selection tbody button").first.focus()
    one.page.keyboard.press("Enter")
    one.settle()
    assert one.page.locator("#card").is_visible()
    assert one.page.evaluate("document.activeElement.tagName") == "H2"
    one.page.keyboard.press("Escape")
    one.settle()
    assert not one.page.locator("#card").is_visible()


def test_two_fingers_zoom(tab: Any, stores: dict[str, Store]) -> None:
    one = tab(viewport={"width": 390, "height": 800}, has_touch=True)
    plot = one.page.locator(".keys")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    session = one.context.new_cdp_session(one.page)
    x, y = box["x"] + 150, box["y"] + 150

    def touch(kind: str, *apart: float) -> None:
        points = [{"x": x + far, "y": y, "id": number} for number, far in enumerate(apart)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", -20, 20)
    touch("touchMove", -30, 30)
    touch("touchMove", -40, 40)
    touch("touchEnd")
    one.settle()
    zoom = [float(part) for part in re.search(r"zoom=([^&]+)", one.page.url)[1].split("_")]
    plot.press("0")
    one.settle()
    assert "zoom=" not in one.page.url
    assert not one.page.locator("#card").is_visible()  # as a tap would open
    values = column(stores["tss"], "flops.cifar10-valid.200")
    wide = 1.06 * (np.nanmax(values) - np.nanmin(values))
    assert zoom[1] - zoom[0] == pytest.approx(wide / 2, rel=1e-3)


def test_links_that_make_no_sense(tab: Any) -> None:
    one = tab(
        "space=x&view=<b>&x=accuracy.nothing&y=&places=9-99_0-&limits=a_b_c&region=box_1&zoom=3_1_0_0&open=-1&compare=z"
    )
    assert one.count > 0
    assert one.page.locator("b").count() == 0
    far = tab("open=99999")
    assert "not in this store" in far.page.text_content("#message")


@pytest.mark.skipif(AXE is None, reason="NATSBIN_AXE does not say where axe.min.js is")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe(tab: Any, stores: dict[str, Store], view: str, scheme: str) -> None:
    store = stores["sss" if "sss" in view else "tss"]
    for place in (0, 1):
        view = view.replace(f"@{place}", str(store.indexes[place]))
    one = tab(view, bypass_csp=True, color_scheme=scheme)
    one.page.add_script_tag(path=AXE)
    found = one.page.evaluate("axe.run()")["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in serious] == []
