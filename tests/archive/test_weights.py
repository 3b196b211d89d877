"""Full archives: only tensors come out of them, equal to torch's, and torch is not asked."""

from __future__ import annotations

import pickle
import pickletools
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.files import Call, write_folder
from support.paths import run_python
from support.records import record, same

from natsbin._pickle import Unpickler
from natsbin.archive import open_archive
from natsbin.archive.tensors import admit, load_storage, load_tensor
from natsbin.errors import ArchiveError, UnsafePickleError
from natsbin.spaces import SSS

torch = pytest.importorskip("torch")
KEY = ("cifar10", 777)


def network() -> Any:
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 5, 3), torch.nn.BatchNorm2d(5), torch.nn.Linear(5, 2).double())


def unpickle(data: bytes) -> Any:
    unpickler = Unpickler("a file", 1 << 24, admit=admit())
    unpickler.feed(data, last=True)
    return unpickler.value


def test_a_state_dict() -> None:
    weights = network().state_dict()
    found = unpickle(pickle.dumps(weights, 4))
    assert type(found) is OrderedDict
    assert list(found) == list(weights)
    for name, tensor in weights.items():
        assert found[name].dtype == tensor.numpy().dtype
        assert found[name].shape == tuple(tensor.shape)
        assert np.array_equal(found[name], tensor.numpy())
        assert not found[name].flags.writeable
    assert found._metadata == weights._metadata
    rebuilt = network()
    restored = OrderedDict((name, torch.from_numpy(array.copy())) for name, array in found.items())
    restored._metadata = found._metadata  # type: ignore[attr-defined]
    rebuilt.load_state_dict(restored)


@pytest.mark.parametrize("kind", ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"])
def test_kinds_and_shapes(kind: str) -> None:
    numbers = torch.arange(24).to(getattr(torch, kind))
    for tensor in (
        numbers,
        numbers.reshape(2, 3, 4).permute(2, 0, 1)[1:],
        numbers[5],
        numbers[:0],
        numbers[20:21, None],
    ):
        found = unpickle(pickle.dumps(tensor, 4))
        assert found.dtype == np.dtype(kind)
        assert found.shape == tuple(tensor.shape)
        assert np.array_equal(found, tensor.numpy())


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    states = record(SSS, 5)
    states["12"]["all_results"][KEY]["net_state_dict"] = network().state_dict()
    return write_folder(tmp_path_factory.mktemp("x") / "NATS-sss-v1_0-50262-full", SSS, {5: states})


def test_a_full_archive(full: Path) -> None:
    (task,) = open_archive(full, weights=True).tasks()
    (found,) = pickle.loads(pickle.dumps(task)).read()
    weights = found.states["12"]["all_results"][KEY].pop("net_state_dict")
    assert np.array_equal(weights["0.bias"], network().state_dict()["0.bias"].numpy())
    expected = record(SSS, 5)
    del expected["12"]["all_results"][KEY]["net_state_dict"]
    assert same(found.states, expected)


def test_opened_without_weights(full: Path) -> None:
    with pytest.raises(UnsafePickleError, match=r"000005.pickle.pbz2: .*this one was opened without weights"):
        open_archive(full).read(5)


def test_torch_is_not_imported(full: Path) -> None:
    program = (
        "import sys, natsbin.archive\n"
        "natsbin.archive.open_archive(sys.argv[1], weights=True).read(5)\n"
        "assert 'torch' not in sys.modules\n"
    )
    assert run_python(program, full).returncode == 0


LOAD = torch.storage._load_from_bytes
REBUILD = torch._utils._rebuild_tensor_v2
BYTES = next(arg for _, arg, _ in pickletools.genops(pickle.dumps(torch.arange(6.0), 4)) if isinstance(arg, bytes))


def tensor(*arguments: Any, data: bytes = BYTES) -> Call:
    return Call(REBUILD, Call(LOAD, data), *arguments, False, OrderedDict())


def test_the_hand_made_call_is_a_tensor() -> None:
    assert unpickle(pickle.dumps(tensor(1, (2, 2), (2, 1)))).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (tensor(0, (7,), (1,)), "shape .7,. in a storage of 6 items"),
        (tensor(1, (6,), (1,)), "shape .*from item 1 on in a storage of 6 items"),
        (tensor(0, (3,), (3,)), "shape .*from item 0 on"),
        (tensor(-1, (2,), (1,)), "in a storage of 6 items"),
        (tensor(0, (2,), (-1,)), "in a storage of 6 items"),
        (tensor(0, (-1,), (1,)), "in a storage of 6 items"),
        (tensor(0, (6, 6), (0, 1)), "in a storage of 6 items"),
        (tensor(0, (2**62, 0), (1, 1)), "in a storage of 6 items"),
        (tensor(0, (1,) * 9, (1,) * 9), "in a storage of 6 items"),
        (tensor(0, (2,), ()), "a shape and as many strides"),
        (tensor(0, [2], [1]), "a shape and as many strides"),
        (tensor(0, (2.0,), (1,)), "in a storage of 6 items"),
        (tensor(True, (2,), (1,)), "a storage and an offset"),
        (Call(REBUILD, b"x", 0, (2,), (1,), False, OrderedDict()), "a storage and an offset"),
        (Call(REBUILD, b"x"), "unexpected arguments for torch._utils._rebuild_tensor_v2"),
        (tensor(0, (2,), (1,), data=BYTES[:-1]), "23 bytes; 6 items of float32 were expected"),
        (tensor(0, (2,), (1,), data=BYTES + b"x"), "25 bytes; 6 items of float32 were expected"),
        (tensor(0, (2,), (1,), data=BYTES.replace(b"FloatStorage", b"QuantStorage")), "in another form"),
        (tensor(0, (2,), (1,), data=BYTES.replace(b"ctorch\nFloatStorage", b"cos\nsystem")), "in another form"),
        (tensor(0, (2,), (1,), data=b"cos\nsystem\n(S'false'\ntR."), "in another form"),
        (Call(LOAD, "text"), "in another form"),
        (Call(torch.nn.Linear, 2, 2), r"asks for torch\.nn\.modules\.linear\.Linear"),
        (torch.nn.Linear(2, 2), r"the opcode NEWOBJ|asks for torch\.nn\.modules\.linear\.Linear"),
        (torch.float32, r"asks for builtins\.getattr|asks for torch\.float32|asks for torch\.serialization"),
        (torch.zeros(2, dtype=torch.bfloat16), "in another form|asks for"),
        (torch.nn.Parameter(torch.zeros(2)), "asks for torch._utils._rebuild_parameter"),
        (np.zeros(3), "asks for numpy"),
        ([LOAD], "torch.storage._load_from_bytes as a value"),
    ],
)
def test_foreign_things_are_refused(value: object, message: str) -> None:
    with pytest.raises(ArchiveError, match=f"a file: byte .*({message})"):
        unpickle(pickle.dumps(value, 4))


def test_other_attributes_of_a_state_dict_are_refused() -> None:
    weights = network().state_dict()
    weights.other = 1
    with pytest.raises(UnsafePickleError, match="state of an OrderedDict other than _metadata"):
        unpickle(pickle.dumps(weights, 4))


def test_10_000_mutated_tensors() -> None:
    rng = np.random.default_rng(4)
    seed = pickletools.optimize(pickle.dumps(torch.arange(6.0).reshape(2, 3), 4))
    read = 0
    for _ in range(10_000):
        data = bytearray(seed)
        for at in rng.integers(0, len(data), rng.integers(1, 4)):
            data[at] = rng.integers(0, 256)
        try:
            unpickle(bytes(data))
            read += 1
        except ArchiveError:
            pass
    assert read > 100


def test_the_functions_themselves() -> None:
    storage = load_storage(BYTES)
    assert storage.count == 6
    assert load_tensor(storage, 5, (), (), False, None).tolist() == 5
