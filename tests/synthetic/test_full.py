"""Generated full archives: in the bytes that torch pickles, fit for the networks, and the same every time."""

from __future__ import annotations

import pickle
import pickletools
import re
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="weights are tensors")

from support.files import load  # noqa: E402 - after the skip
from support.made import Made  # noqa: E402
from support.paths import run_python  # noqa: E402

from natsbin.models import get_cell_based_tiny_net  # noqa: E402
from natsbin.spaces import SSS  # noqa: E402
from natsbin.synthetic import make_states  # noqa: E402
from natsbin.synthetic.weights import dumps, full_file, storage_bytes  # noqa: E402


def opcodes(data: bytes) -> list[tuple[str, Any]]:
    """A pickle's opcodes, frames apart; in storages a word for the key, which torch takes from an address."""
    found = [(opcode.name, argument) for opcode, argument, _ in pickletools.genops(data) if opcode.name != "FRAME"]
    return [(name, without_key(value) if isinstance(value, bytes) else value) for name, value in found]


def without_key(storage: bytes) -> bytes:
    return re.sub(rb"X.\0\0\0\d{5,}", b"KEY", storage)


@pytest.mark.parametrize("kind", ["float32", "int64"])
@pytest.mark.parametrize("count", [1, 255, 256, 65_535, 65_536])
def test_storages_are_as_torch_writes_them(kind: str, count: int) -> None:
    numbers = torch.arange(count).to(getattr(torch, kind))
    theirs = next(value for _, value in opcodes(pickle.dumps(numbers, 4)) if isinstance(value, bytes))
    assert without_key(storage_bytes(numbers.numpy(), 123_456)) == theirs


@pytest.fixture(scope="module")
def full(made: Made) -> Path:
    """The file of a full archive."""
    return made.archive(SSS, [0], kind="full") / "000000.pickle.pbz2"


def test_the_pickle_is_as_torch_writes_it() -> None:
    draw = torch.Generator().manual_seed(1)
    weights: Any = OrderedDict(a=torch.randn(3, 4, generator=draw), b=torch.tensor(5), c=torch.randn(9, generator=draw))
    arrays: Any = OrderedDict((name, tensor.numpy()) for name, tensor in weights.items())
    weights._metadata = arrays._metadata = OrderedDict([("", {"version": 1})])
    assert opcodes(dumps({"net_state_dict": arrays})) == opcodes(pickle.dumps({"net_state_dict": weights}, 4))


def test_records_are_those_of_the_simple_archive_with_weights(full: Path) -> None:
    simple, found = make_states(SSS, 0), load(full)
    seen: list[Any] = []
    for hp, state in found.items():
        assert state.pop("clear_net_done") is False
        assert simple[hp].pop("clear_net_done") is True
        for (dataset, _), trial in state["all_results"].items():
            weights = trial["net_state_dict"]
            trial["net_state_dict"] = None
            config = trial["arch_config"]
            network = get_cell_based_tiny_net({**config, "num_classes": config["class_num"]})
            network.load_state_dict(weights)
            samples = {"cifar10-valid": 25_000, "ImageNet16-120": 151_700}.get(dataset, 50_000)
            steps = trial["epochs"] * -(-samples // 256)
            assert all(tensor == steps for name, tensor in weights.items() if name.endswith("tracked"))
            assert weights._metadata == network.state_dict()._metadata
            seen.append(weights["stem.0.weight"])
    assert found == simple
    assert not any(torch.equal(one, other) for place, one in enumerate(seen) for other in seen[:place])


def test_the_same_every_time(full: Path) -> None:
    again = full_file(make_states(SSS, 0), 0, 0)
    assert again == full.read_bytes()
    assert again != full_file(make_states(SSS, 0, 3), 0, 3)


def test_without_torch() -> None:
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from natsbin.synthetic import make_archive\n"
        "from natsbin.spaces import SSS\n"
        "from pathlib import Path\n"
        "make_archive(Path('/nowhere/x'), SSS, [0], kind='full')\n"
    )
    done = run_python(program)
    assert "ArchiveError: an archive with weights needs torch: pip install natsbin[weights]" in done.stderr


def test_weights_are_plausible(full: Path) -> None:
    weights = load(full)["90"]["all_results"]["cifar100", 777]["net_state_dict"]
    for name, tensor in weights.items():
        values = tensor.numpy().astype(np.float64)
        assert np.isfinite(values).all()
        assert np.abs(values).max() < 10 or name.endswith("tracked")
        if name.endswith("running_var"):
            assert values.min() > 0
