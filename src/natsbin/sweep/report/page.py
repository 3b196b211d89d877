"""A report written to a folder: figures, tables, and a page that holds all of them."""

from __future__ import annotations

import base64
import io
import os
from pathlib import Path

import jinja2
import pandas as pd
from matplotlib.figure import Figure

from natsbin.errors import OutputError, QuestionError
from natsbin.sweep.parts import write_whole
from natsbin.sweep.report.figures import SPREADS, all_figures
from natsbin.sweep.report.frames import Results, load_results
from natsbin.sweep.report.tables import all_tables, write_tables

_TITLES = {
    "accuracy": "Accuracy of final choices (%, mean ± standard deviation)",
    "regret": "Median test regret (%) when parts of the budget are spent",
    "rank": "Mean rank when parts of the budget are spent",
    "wilcoxon": "Wilcoxon's signed-rank test between algorithms",
}
_TITLE = "<title>natsbin sweep</title>"
_PAGE = jinja2.Template(
    """<!doctype html>
<html lang="en"><meta charset="utf-8">{{ title }}
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62em; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
td, th { padding: .2em .6em; border-bottom: 1px solid #ddd; text-align: right; }
figure { display: inline-block; margin: 0; } img { max-width: 30em; width: 100%; } .wide { overflow-x: auto; }
</style>
<h1>Sweep</h1>
<p>{{ runs }} runs: {{ spec.algorithms | map(attribute="label") | join(", ") }} on {{ spec.datasets | join(", ") }}
in {{ spec.stores | join(", ") }}, {{ spec.seeds }} seeds from {{ spec.first_seed }}; budget in {{ unit }}.
Specification {{ spec.fingerprint }}, natsbin {{ spec.natsbin }}.</p>
{% for name, image in figures.items() %}<figure><img alt="{{ name }}" src="data:image/png;base64,{{ image }}"></figure>
{% endfor %}
{% for title, table in tables.items() %}<h2>{{ title }}</h2><div class="wide">{{ table }}</div>
{% endfor %}
</html>
""",
    autoescape=False,  # labels are letters and digits, and tables are escaped by pandas
)


def write_report(folder: Path, out: Path, spread: str = "quartiles") -> Path:
    """Write ``report.html``, figures (PNG and PDF) and tables (CSV and LaTeX); returns the path of the page.

    ``spread`` is quartiles (around the median) or bootstrap (95 % around the mean). Raises OutputError where ``out``
    cannot be written, or has files and no report.
    """
    if spread not in SPREADS:
        raise QuestionError(f"spread={spread!r}: expected one of {', '.join(SPREADS)}")
    _refuse_other(out)
    results = load_results(folder)
    figures, tables = all_figures(results, spread), all_tables(results)
    try:
        out.mkdir(parents=True, exist_ok=True)
        images = {name: _saved(figure, out / name) for name, figure in figures.items()}
        write_tables(tables, out)
    except OSError as error:
        raise OutputError(f"{out}: a report cannot be written: {error}") from error
    page = out / "report.html"
    write_whole(page, _page(results, images, tables).encode())
    return page


def _refuse_other(out: Path) -> None:
    """The files of a report have usual names: they replace those of an earlier report only."""
    page = out / "report.html"
    try:
        if not os.path.lexists(out) or (out.is_dir() and not os.listdir(out)):
            return
        if page.is_file() and _TITLE in page.read_text(encoding="utf-8", errors="replace")[:1000]:
            return
    except (OSError, ValueError) as error:
        raise OutputError(f"{out}: a report cannot be written: {error}") from error
    raise OutputError(f"{out}: exists already and has no report; expected a new folder, or that of a report")


def _page(results: Results, images: dict[str, str], tables: dict[str, pd.DataFrame]) -> str:
    shown = {
        _TITLES[name]: table.to_html(index=not isinstance(table.index, pd.RangeIndex), float_format="{:.4g}".format)
        for name, table in tables.items()
    }
    page: str = _PAGE.render(
        title=_TITLE, spec=results.spec, runs=f"{len(results.runs):,}", unit=results.unit, figures=images, tables=shown
    )
    return page


def _saved(figure: Figure, path: Path) -> str:
    """Save a figure; returns its PNG for the page."""
    figure.savefig(path.with_suffix(".pdf"), metadata={"CreationDate": None})
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=150)
    path.with_suffix(".png").write_bytes(image.getvalue())
    return base64.b64encode(image.getvalue()).decode()
