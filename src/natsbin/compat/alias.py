"""``import nats_bench`` for programs that nobody wants to edit."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location

from natsbin import compat
from natsbin.errors import NatsbinError


class AliasError(NatsbinError, ImportError):
    """The name ``nats_bench`` cannot be taken."""


def install_as_nats_bench() -> None:
    """Make ``import nats_bench``, and its submodules, mean natsbin in this process.

    Call it before anything imports ``nats_bench``. To call it again does nothing.

    Raises:
        AliasError: the original was imported already; modules that hold its names would keep them.
    """
    present = sys.modules.get("nats_bench")
    if present is not None:
        path = getattr(present, "__file__", None)
        if path == compat.__file__:
            return
        raise AliasError(
            f"nats_bench is imported already, from {path}: "
            "call natsbin.install_as_nats_bench() before the first import of it"
        )
    spec = spec_from_file_location("nats_bench", compat.__file__, submodule_search_locations=list(compat.__path__))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["nats_bench"] = module_from_spec(spec)
    spec.loader.exec_module(module)
