"""Pickles as the genuine archives hold them: protocol 4, by one pickler, under numpy's old module name."""

from __future__ import annotations

import io
import pickle
import re
from collections import OrderedDict
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from natsbin.archive.write import PROTOCOL
from natsbin.spaces import DATASETS, SearchSpace
from natsbin.synthetic.states import SIZE_NAME

BATCH = 1000  # items that a pickler puts between MARK and SETITEMS
FRAME_SIZE = 1 << 16

_FRAME = 0x95
_NEW_TO_OLD_NUMPY = (  # where the function that makes scalars lives; how a dtype states its flags
    (b"\x8c\x16numpy._core.multiarray", b"\x8c\x15numpy.core.multiarray"),
    (b"\x8c\x02f8\x94\x89\x88\x87", b"\x8c\x02f8\x94K\x00K\x01\x87"),
)

_FIELDS = (
    *("arch_index", "arch_str", "all_results", "dataset_seed", "clear_net_done", "name", "train_acc1es"),
    *("train_acc5es", "train_losses", "train_times", "arch_config", "params", "flop", "seed", "epochs"),
    *("latency", "eval_names", "eval_acc1es", "eval_times", "eval_losses", "net_state_dict", "channel"),
    *("num_cells", "class_num", "channels", "genotype"),
)

# Opcodes of one architecture's record; a string is ASCII and followed by MEMOIZE, which is not.
_TOKENS = re.compile(
    rb"(?:G.{8}|K.|M..|J....|\x8c.[!-~]*(?=\x94)|C\x08.{8}|[\x94()\]}useaRN\x85\x86\x87\x88\x89\x8f])+|h.|j....",
    re.DOTALL,
)


def _frames(data: bytes) -> list[bytes]:
    """The opcodes of a pickle, frame by frame, without protocol header, frame headers and STOP."""
    position, frames = 2, []
    while position < len(data):
        size = len(data) - position  # what is too small for a frame comes without
        if data[position] == _FRAME:
            size = int.from_bytes(data[position + 1 : position + 9], "little")
            position += 9
        frame = data[position : position + size]
        for new, old in _NEW_TO_OLD_NUMPY:
            frame = frame.replace(new, old, 1)
        frames.append(frame)
        position += size
    frames[-1] = frames[-1][:-1]
    return frames


def _framed(opcodes: bytes) -> bytes:
    """A frame around opcodes; too small ones go without, as a pickler does."""
    header = bytes([_FRAME]) + len(opcodes).to_bytes(8, "little") if len(opcodes) >= 4 else b""
    return header + opcodes


def dumps(value: Any) -> bytes:
    """The pickle of a value, byte for byte as numpy 1 would have had it written."""
    *head, last = _frames(pickle.dumps(value, PROTOCOL))
    return bytes([0x80, PROTOCOL]) + b"".join(map(_framed, [*head, last + b"."]))


def _shared(space: SearchSpace, index: int) -> list[Any]:
    """The objects that records of one process share, the architecture's string last."""
    number = np.float64(0)
    numpy_objects = (number.__reduce__()[0], number.dtype)
    names = (*_FIELDS, *DATASETS, *space.epochs, SIZE_NAME)
    return [OrderedDict, *numpy_objects, *names, space.architectures[index]]


class Record:
    """An architecture's pickled record, in which objects known to the whole file are left as references.

    ``memoized``: how many objects of its own the record adds to the unpickler's memo.
    """

    def __init__(self, space: SearchSpace, index: int, states: OrderedDict[str, dict[str, Any]]) -> None:
        buffer = io.BytesIO()
        pickler = pickle.Pickler(buffer, PROTOCOL)
        shared = {id(thing): (i, thing) for i, thing in enumerate(_shared(space, index))}
        pickler.memo = shared
        pickler.dump(states)
        self.index = index
        self.frames = _frames(buffer.getvalue())
        self.memoized = len(pickler.memo.copy()) - len(shared)

    def relocated(self, shared: list[int], base: int) -> Iterator[bytes]:
        """The frames with the file's memo indexes: ``shared`` of known objects, ``base`` of its first own."""
        for frame in self.frames:
            pieces = _TOKENS.findall(frame)
            if sum(map(len, pieces)) != len(frame):
                raise AssertionError(f"record {self.index} has opcodes that cannot be relocated")
            for i, piece in enumerate(pieces):
                if piece[0] in b"hj":
                    local = int.from_bytes(piece[1:], "little")
                    there = shared[local] if local < len(shared) else base + local - len(shared)
                    pieces[i] = b"h" + bytes([there]) if there < 256 else b"j" + there.to_bytes(4, "little")
            yield b"".join(pieces)


class BenchmarkPickle:
    """Writes a benchmark file's pickle record by record, as if one pickler had seen the whole at once.

    ``{"meta_archs", "total_archs", "arch2infos": {index: {hp: state}}, "evaluated_indexes"}``. The first
    record goes through a real pickler, which thereby learns where the shared objects are; the others are
    records pickled elsewhere, whose references are moved. Holds one record at a time.
    """

    def __init__(self, stream: IO[bytes], space: SearchSpace) -> None:
        self._stream, self._space = stream, space
        self._buffer = io.BytesIO()
        self._pickler = pickle.Pickler(self._buffer, PROTOCOL)
        self._known: dict[int, int] = {}  # memo index in the file, by id of a shared object
        self._memoized = 0
        self._evaluated: set[int] = set()
        self._frame = bytearray()
        stream.write(bytes([0x80, PROTOCOL]))
        root: dict[str, Any] = {}
        archs_to_infos: dict[int, Any] = {}
        self._pickle(root)
        self._emit(b"(")
        for value in ("meta_archs", space.architectures, "total_archs", len(space), "arch2infos", archs_to_infos):
            self._pickle(value)

    def _emit(self, opcodes: bytes, *, last: bool = False) -> None:
        """Write opcodes, in frames about as large as a pickler's."""
        self._frame += opcodes
        if last or len(self._frame) >= FRAME_SIZE:
            self._stream.write(_framed(bytes(self._frame)))
            self._frame.clear()

    def _pickle(self, value: Any) -> None:
        self._buffer.seek(0)
        self._buffer.truncate()
        self._pickler.dump(value)
        for frame in _frames(self._buffer.getvalue()):
            self._emit(frame)

    def add_first(self, index: int, states: OrderedDict[str, dict[str, Any]]) -> None:
        """Write the first record; needed before any other."""
        self._emit(b"(")
        self._pickle(index)
        self._pickle(states)
        self._evaluated.add(index)
        memo = self._pickler.memo.copy()
        self._known = {key: place for key, (place, _) in memo.items()}
        self._memoized = len(memo)

    def add(self, record: Record) -> None:
        """Write a further record."""
        if len(self._evaluated) % BATCH == 0:
            self._emit(b"u(")
        self._pickle(record.index)
        shared = [self._known.get(id(thing), -1) for thing in _shared(self._space, record.index)]
        for frame in record.relocated(shared, self._memoized):
            self._emit(frame)
        self._memoized += record.memoized
        self._evaluated.add(record.index)

    def finish(self) -> None:
        """Write what follows the records."""
        self._emit(b"u")
        self._pickle("evaluated_indexes")
        self._pickle(self._evaluated)
        self._emit(b"u.", last=True)
