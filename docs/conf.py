"""The documentation site: ``sphinx-build -W -c docs . build/site``, which also runs the notebooks of ``examples``.

Sources are read from the root of the checkout, so that links work here as they do on GitHub. ``NATSBIN_TSS`` names a
store for the notebooks; without it each generates one.
"""

from __future__ import annotations

import sys
from typing import Any

import natsbin

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
napoleon_use_ivar = True
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": True}


def setup(app: Any) -> None:
    app.connect("env-check-consistency", _warn_of_what_is_not_documented)


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
