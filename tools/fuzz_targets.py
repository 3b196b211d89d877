"""What ``fuzz_coverage.py`` calls with bytes, and ``tests/tools/test_fuzz_targets.py`` with those of ``tests/fuzz``."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from natsbin._pickle import Unpickler
from natsbin.archive import tensors
from natsbin.archive.nas_bench_201_files import read_architecture
from natsbin.archive.schema import check_record
from natsbin.errors import ArchiveError, QuestionError, StoreError
from natsbin.spaces import SSS, TSS
from natsbin.store import open_store
from natsbin.store.seal import seal
from natsbin.store.verify import check

LIMIT = 1 << 20


def pickles(data: bytes) -> None:
    """The first byte says how the rest is read: as a record, a full record, or a benchmark file in pieces."""
    how = data[0] % 3 if data else 0
    unpickler = Unpickler("input", LIMIT, streaming=how == 2, admit=tensors.admit() if how == 1 else tensors.REFUSE)
    try:
        if how == 2:
            for start in range(1, len(data), 37):
                for index, states in unpickler.feed(data[start : start + 37]):
                    check_record(states, index, None, SSS, "input")
        unpickler.feed(b"" if how == 2 else data[1:], last=True)
        if how != 2:
            check_record(unpickler.value, 3, None, SSS, "input")
    except ArchiveError:
        pass


def stores(data: bytes) -> None:
    """A store. Where the first byte is odd it has no seal and gets one, so that damage reaches the index and chunks."""
    path = Path(tempfile.gettempdir()) / f"natsbin-fuzz-{os.getpid()}.h5"
    path.write_bytes(data[1:])
    try:
        if data and data[0] % 2:
            seal(path, [])
        store = open_store(path)
        for index in store.indexes.tolist()[:3]:
            store.load(index)
        check(store)
    except (StoreError, QuestionError):
        pass
    finally:
        path.unlink()


def torch_files(data: bytes) -> None:
    """A file of one architecture of NAS-Bench-201, in either of torch's containers, with tensors."""
    path = Path(tempfile.gettempdir()) / f"natsbin-fuzz-{os.getpid()}.pth"
    path.write_bytes(data)
    try:
        read_architecture(path, 3, TSS.architectures[3], weights=True)
    except ArchiveError:
        pass
    finally:
        path.unlink()


TARGETS: dict[str, Callable[[bytes], None]] = {"pickles": pickles, "stores": stores, "torch_files": torch_files}
