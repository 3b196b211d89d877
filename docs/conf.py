"""The documentation site: `sphinx-build -W -c docs . build/site`. Pages are read from the root, as GitHub shows them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from bench.report import markdown  # noqa: E402

from natsbin import __version__  # noqa: E402

project = "natsbin"
author = "The natsbin developers"
copyright = author
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.coverage", "sphinx.ext.intersphinx", "sphinx_copybutton"]
root_doc = "docs/index"
include_patterns = ["docs/**", "examples/*.ipynb", "*.md"]
exclude_patterns = ["README.md", "docs/_*", "build", "**/.ipynb_checkpoints"]
html_theme = "pydata_sphinx_theme"
html_title = "natsbin"
html_theme_options = {"show_toc_level": 2, "navbar_align": "left", "show_prev_next": False}
html_extra_path = ["_root"]  # sends the root of the site to its start page
html_show_sourcelink = False

myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
nb_execution_mode = "off"  # tests run the notebooks; here they are shown with what the tests' command left in them
suppress_warnings = ["myst.strikethrough"]

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": True, "inherited-members": True}
coverage_show_missing_items = True
coverage_statistics_to_report = False
