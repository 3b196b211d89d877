"""A NAS-Bench-201 store back to the file that it was made from, record by record and without torch.

It is in torch's legacy format, whatever the source was. Its pickle refers to nothing twice, so that it needs no memo:
every container and every text stands there where it is used. ``torch.load`` gives a dict equal to the source's.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from natsbin._util.files import new_file
from natsbin._util.signals import stoppable
from natsbin.archive import torch_file
from natsbin.archive.nas_bench_201 import HPS, restore
from natsbin.store import Store

_PROTOCOL = 2  # of every pickle in the legacy format
_BATCH = 1000  # items between MARK and SETITEMS, as picklers write them
_MARK, _SETITEMS, _STOP = b"(", b"u", b"."


def export_file(store: Store, path: Path, force: bool, progress: Callable[[int, int], None] | None) -> Path:
    """Write the file of ``store`` to ``path`` and return it. Raises as ``export``."""
    indexes = store.indexes.tolist()
    value = restore(store.attrs["origin"], store.meta_archs, indexes, str(store.path))
    names = {hp: name for name, hp in HPS.items()}
    with stoppable(), new_file(path, force) as (part, _), part.open("wb") as file:
        file.write(torch_file.HEAD + bytes([0x80, _PROTOCOL]) + _opcodes(type(value)()) + _MARK)
        for name, one in value.items():
            file.write(_opcodes(name) + _opcodes(one))
            if name != "arch2infos":
                continue
            for done, index in enumerate(indexes):
                if done % _BATCH == 0:
                    file.write(_SETITEMS + _MARK if done else _MARK)
                record = store.load(index)
                infos = type(record)((names[hp], state) for hp, state in record.items())
                file.write(_opcodes(index) + _opcodes(infos))
                if progress:
                    progress(done + 1, len(indexes))
            file.write(_SETITEMS)
        file.write(_SETITEMS + _STOP + torch_file.END)
    return path


def _opcodes(value: Any) -> bytes:
    """The opcodes that make a value, without the header and STOP of a pickle."""
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, _PROTOCOL)
    pickler.fast = True  # no memo
    pickler.dump(value)
    return stream.getvalue()[2:-1]
