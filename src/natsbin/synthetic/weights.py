"""Generated weights of full archives: every trial gets those of its network, made up, in torch's own pickles."""

from __future__ import annotations

import bz2
import importlib.util
import io
import math
import pickle
from collections import OrderedDict
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin.archive.write import PROTOCOL
from natsbin.errors import ArchiveError
from natsbin.spaces import BATCH_SIZE, DATASETS, SAMPLES

Tensors = OrderedDict[str, npt.NDArray[Any]]

_STORAGES = {"f4": b"FloatStorage", "i8": b"LongStorage"}


def need_torch() -> None:
    """Raise ArchiveError where torch is not installed."""
    if importlib.util.find_spec("torch") is None:
        raise ArchiveError("an archive with weights needs torch: pip install natsbin[weights] first")


def full_file(states: dict[str, dict[str, Any]], index: int, seed: int) -> bytes:
    """One architecture's file of a full archive, from its record, which gets the weights."""
    add_weights(states, index, seed)
    return bz2.compress(dumps(states))


def add_weights(states: dict[str, dict[str, Any]], index: int, seed: int) -> None:
    """Give every training of a record its weights."""
    for hp, state in states.items():
        state["clear_net_done"] = False
        for (dataset, trial_seed), trial in state["all_results"].items():
            key = [seed, index, int(hp), DATASETS.index(dataset), trial_seed]
            trial["net_state_dict"] = _state_dict(trial, dataset, np.random.default_rng(key))


def _state_dict(trial: dict[str, Any], dataset: str, rng: np.random.Generator) -> Tensors:
    """Plausible weights of a trial's network: as wide as fresh ones, with statistics of some training."""
    steps = trial["epochs"] * math.ceil(SAMPLES[dataset, "train"] / BATCH_SIZE)
    found = _shapes(trial["arch_config"])
    tensors: Tensors = OrderedDict()
    for name, shape in found.items():
        noise = rng.standard_normal(shape, np.float32)
        if name.endswith("num_batches_tracked"):
            tensors[name] = np.array(steps)
        elif name.endswith("running_var"):
            tensors[name] = np.exp(noise / 4)
        elif len(shape) == 1:
            tensors[name] = noise / 10 + name.endswith("weight")
        else:
            tensors[name] = noise * np.float32(math.sqrt(2 / math.prod(shape[1:])))
    tensors._metadata = found._metadata  # type: ignore[attr-defined]
    return tensors


def _shapes(config: dict[str, Any]) -> Any:
    """The state dict of a trial's network, as shapes."""
    import torch

    from natsbin.models import get_cell_based_tiny_net

    described = {**config, "num_classes": config["class_num"]}
    if "channel" in config:
        described |= {"name": "infer.tiny", "C": config["channel"], "N": config["num_cells"]}
    with torch.device("meta"):
        found = get_cell_based_tiny_net(described).state_dict()
    shapes = OrderedDict((name, tuple(tensor.shape)) for name, tensor in found.items())
    shapes._metadata = found._metadata  # type: ignore[attr-defined]
    return shapes


def dumps(value: Any) -> bytes:
    """The pickle of a value in which every array stands for a tensor. Depends on the value alone."""
    stream = io.BytesIO()
    _Pickler(stream).dump(value)
    return stream.getvalue()


class _Storage:
    """Pickled as torch pickles a storage, but for its key, which torch takes from an address in memory."""

    def __init__(self, array: npt.NDArray[Any], key: int) -> None:
        self.array, self.key = array, key

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        import torch

        return torch.storage._load_from_bytes, (storage_bytes(self.array, self.key),)


class _Pickler(pickle.Pickler):
    """Writes arrays as tensors."""

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream, PROTOCOL)
        self._key = 94_000_000_000_000

    def reducer_override(self, obj: Any) -> Any:
        if not isinstance(obj, np.ndarray):
            return NotImplemented
        import torch

        self._key += 64
        strides = tuple(step // obj.itemsize for step in obj.strides)
        arguments: tuple[Any, ...] = (_Storage(obj, self._key), 0, obj.shape, strides, False, OrderedDict())
        return torch._utils._rebuild_tensor_v2, arguments


def storage_bytes(array: npt.NDArray[Any], key: int) -> bytes:
    """What torch saves of a contiguous storage in its first file format: five pickles, a length, the numbers."""
    text = b"X" + len(str(key)).to_bytes(4, "little") + str(key).encode()
    count = array.size
    size = pickle.dumps(count, 2)[2:-1]  # without header and STOP
    return b"".join(
        (
            b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.",  # a magic number, the format's version
            b"\x80\x02}q\0(X\x10\0\0\0protocol_versionq\x01M\xe9\x03X\r\0\0\0little_endianq\x02\x88X\n\0\0\0type_sizes",
            b"q\x03}q\x04(X\x05\0\0\0shortq\x05K\x02X\x03\0\0\0intq\x06K\x04X\x04\0\0\0longq\x07K\x04uu.",
            b"\x80\x02(X\x07\0\0\0storageq\0ctorch\n" + _STORAGES[array.dtype.str[1:]] + b"\nq\x01",
            text + b"q\x02X\x03\0\0\0cpuq\x03" + size + b"Ntq\x04Q.",
            b"\x80\x02]q\0" + text + b"q\x01a.",
            count.to_bytes(8, "little"),
            array.tobytes(),
        )
    )
