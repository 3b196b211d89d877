"""``import nats_bench`` for programs that nobody wants to edit."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

from natsbin.compat import alias_names
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
        if getattr(present, "__natsbin__", False):
            return
        raise AliasError(
            f"nats_bench is imported already, from {getattr(present, '__file__', None)}: "
            "call natsbin.install_as_nats_bench() before the first import of it"
        )
    modules = {name: _module(name, names) for name, names in alias_names.MODULES.items()}
    package = modules["nats_bench"]
    package.__path__ = []
    for name, module in modules.items():
        if name != "nats_bench":
            setattr(package, name.rpartition(".")[2], module)
    sys.modules.update(modules)


def _module(name: str, names: dict[str, object]) -> ModuleType:
    module = ModuleType(name, f"natsbin under the name {name}.")
    module.__spec__ = ModuleSpec(name, None, is_package=name == "nats_bench")
    vars(module).update(names, __natsbin__=True)
    return module
