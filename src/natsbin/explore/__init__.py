"""The explorer: a search space in the browser, from a local server or as a static site; see docs/explorer.md.

A *site* is a mapping of names to functions that make the bytes of a file. The server calls one when it is asked for a
name; an export calls all of them and writes the files. So both have the same front end and the same numbers.
"""

from __future__ import annotations

from natsbin._util.extras import missing

try:
    import pyarrow  # noqa: F401 - all are asked for here, so that their absence is told in one place
    import scipy  # noqa: F401
    import starlette  # noqa: F401
    import uvicorn  # noqa: F401
except ImportError as error:
    raise missing("natsbin.explore", "starlette, uvicorn, pyarrow and scipy", "explore") from error

from natsbin.explore.export import export_site
from natsbin.explore.server import application, serve
from natsbin.explore.site import Site, make_site

__all__ = ["Site", "application", "export_site", "make_site", "serve"]
