"""Stores of every format version that this one reads, written once and never again; tools/make_golden.py wrote them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.paths import GOLDEN

from natsbin.store import open_store
from natsbin.store.verify import check

STORES = sorted(GOLDEN.glob("*/*.h5.gz"))


def answer(value: Any) -> Any:
    """As in tools/make_golden.py: JSON that tells types, orders and the bits of floats apart."""
    if isinstance(value, dict):
        return [type(value).__name__, [[answer(key), answer(item)] for key, item in value.items()]]
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, [answer(item) for item in value]]
    if isinstance(value, (float, np.generic)):
        return [type(value).__name__, np.asarray(value).tobytes().hex()]
    return value


def test_the_golden_stores_are_there() -> None:
    names = [f"v1/{name}.h5.gz" for name in ("sss", "sss.packed", "tss", "tss.packed")]
    assert [str(path.relative_to(GOLDEN)) for path in STORES] == names


@pytest.mark.parametrize("path", STORES, ids=lambda path: str(path.relative_to(GOLDEN)))
def test_a_golden_store_answers_as_it_did(path: Path, tmp_path: Path) -> None:
    (tmp_path / "store.h5").write_bytes(gzip.decompress(path.read_bytes()))
    store = open_store(tmp_path / "store.h5")
    answers = json.loads((path.parent / f"{path.name.partition('.')[0]}.json").read_text())
    assert [str(index) for index in store.indexes.tolist()] == list(answers)
    for index, expected in answers.items():
        assert answer(store.load(int(index))) == expected
    assert check(store).chunks > 20
