"""NATS-Bench as one compact HDF5 file with native queries; a drop-in for ``nats_bench``.

The stub ``__init__.pyi`` lists the public names and is read here, so a new name is one line there. A module is imported
when one of its names is first asked for (PEP 562), so ``import natsbin`` stays light. The package ``lazy_loader`` does
the same, but needs ``ast`` for it, which takes longer to import than all of this.
"""

import importlib
import re
import sys

if sys.byteorder != "little":
    raise ImportError("natsbin needs a little-endian machine, as its native code reads stores; this one is big-endian")

with open(f"{__file__}i", encoding="utf-8") as _stub:
    _MODULES = {name: module for module, name in re.findall(r"(?m)^from (\S+) import \w+ as (\w+)$", _stub.read())}

__all__ = sorted(_MODULES)


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_MODULES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
