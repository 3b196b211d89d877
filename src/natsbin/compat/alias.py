"""``import nats_bench`` and ``import nas_201_api`` for programs that nobody wants to edit."""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location

from natsbin.errors import NatsbinError


class AliasError(NatsbinError, ImportError):
    """The name ``nats_bench`` or ``nas_201_api`` cannot be taken."""


def install_as_nats_bench() -> None:
    """Make ``import nats_bench``, and its submodules, mean natsbin in this process.

    Call it before anything imports ``nats_bench``. To call it again does nothing.

    Raises:
        AliasError: the original was imported already; modules that hold its names would keep them.
    """
    _install("nats_bench", "natsbin.compat")


def install_as_nas_201_api() -> None:
    """Make ``import nas_201_api``, and its submodules, mean natsbin in this process; as ``install_as_nats_bench``."""
    _install("nas_201_api", "natsbin.compat201")


def _install(name: str, ours: str) -> None:
    found = find_spec(ours)
    assert found is not None
    assert found.origin is not None
    present = sys.modules.get(name)
    if present is not None:
        path = getattr(present, "__file__", None)
        if path == found.origin:
            return
        raise AliasError(
            f"{name} is imported already, from {path}: call natsbin.install_as_{name}() before the first import of it"
        )
    spec = spec_from_file_location(name, found.origin, submodule_search_locations=found.submodule_search_locations)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
