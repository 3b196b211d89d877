"""The documentation site: ``sphinx-build -W -c docs . build/site``, which also runs the notebooks of ``examples``.

Sources are read from the root of the checkout, so that links work here as they do on GitHub. ``NATSBIN_TSS`` names a
store for the notebooks; without it each generates one.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import natsbin

DOCS = Path(__file__).parent
sys.path.append(str(DOCS.parent / "tools" / "bench"))

project = "natsbin"
author = "The natsbin developers"
copyright = author
version = release = natsbin.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinxcontrib.mermaid",
]
root_doc = "docs/index"
include_patterns = ["docs/**", "examples/*.ipynb", "*.md"]
exclude_patterns = ["README.md", "docs/_*", "build"]
html_theme = "pydata_sphinx_theme"
html_title = "natsbin"
html_theme_options = {"navbar_center": [], "show_prev_next": False, "secondary_sidebar_items": ["page-toc"]}
html_sidebars = {"**": ["globaltoc.html"]}
html_extra_path = ["_root"]  # sends the root of the site to its start page
html_show_sourcelink = False

myst_heading_anchors = 3
myst_fence_as_directive = ["mermaid"]
myst_enable_extensions = ["colon_fence"]
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
suppress_warnings = ["myst.strikethrough"]

autodoc_mock_imports = ["ConfigSpace", "nevergrad", "optuna", "optunahub", "pymoo", "ray", "syne_tune"]
# `sphinx -b linkcheck` needs the network; links within the site are checked by every build
linkcheck_ignore = [r"https?://(localhost|127\.0\.0\.1)\b"]
linkcheck_anchors_ignore_for_url = [r"https://github\.com/"]  # its anchors are made in the browser
linkcheck_retries = 3
linkcheck_timeout = 30

napoleon_use_ivar = True
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": True}


def setup(app: Any) -> None:
    app.connect("source-read", _put_results)
    app.connect("env-check-consistency", _warn_of_what_is_not_documented)


def _put_results(app: Any, name: str, source: list[str]) -> None:
    """The last figures of every benchmark in ``results/``, where a page says ``<!-- results -->``."""
    if "<!-- results -->" in source[0]:
        import pages

        files = sorted(DOCS.glob("results/*.json"))
        tables = (f"### `tools/bench {file.stem}`\n\n{pages.page(file)}" for file in files)
        source[0] = source[0].replace("<!-- results -->", "\n\n".join(tables))
        for file in files:
            app.env.note_dependency(str(file))


def _warn_of_what_is_not_documented(app: Any, env: Any) -> None:
    """Every public name of natsbin, and of the modules that the reference names, has to be in the reference."""
    from sphinx.util import logging

    documented = set(env.get_domain("py").objects)
    modules = ["natsbin", *env.get_domain("py").modules]
    for module in modules:
        members = vars(sys.modules[module])
        public = getattr(sys.modules[module], "__all__", None) or [
            name for name, one in members.items() if getattr(one, "__module__", None) == module
        ]
        for name in public:
            defined = getattr(getattr(sys.modules[module], name), "__module__", module)
            if name[0] != "_" and documented.isdisjoint({f"{module}.{name}", f"{defined}.{name}"}):
                logging.getLogger(__name__).warning("%s.%s is not in the reference", module, name)
