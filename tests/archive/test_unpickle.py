"""The strict unpickler: equal to ``pickle`` on what archives contain, a refusal in words on all else."""

from __future__ import annotations

import io
import pickle
import pickletools
from collections import OrderedDict
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.files import Call
from support.paths import load_tool
from support.records import record, same

from natsbin._pickle import Unpickler, first_misfit
from natsbin.errors import ArchiveError, UnsafePickleError
from natsbin.spaces import SSS

LIMIT = 1 << 20
OD = b"\x8c\x0bcollections\x8c\x0bOrderedDict\x93"


def unpickle(data: bytes, limit: int = LIMIT) -> Any:
    unpickler = Unpickler("a file", limit)
    assert unpickler.feed(data, last=True) == []
    assert unpickler.finished
    return unpickler.value


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=300),
    st.binary(max_size=300),
    st.floats().map(np.float64),
    st.floats(width=32).map(np.float32),
    st.integers(-128, 127).map(np.int8),
    st.integers(0, 2**63).map(np.uint64),
    st.booleans().map(np.bool_),
)
keys = st.one_of(st.text(max_size=9), st.integers(-(2**31), 2**40), st.tuples(st.text(max_size=9), st.integers(0, 999)))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(keys, inner, max_size=5),
        st.dictionaries(keys, inner, max_size=5).map(OrderedDict),
        st.sets(keys, max_size=5),
    ),
    max_leaves=30,
)


@given(values, st.sampled_from([4, 5]))
def test_equal_to_pickle(value: object, protocol: int) -> None:
    data = pickle.dumps(value, protocol)
    assert same(unpickle(data), pickle.loads(data))


@given(values)
def test_equal_to_pickle_as_written_by_the_pure_python_pickler(value: object) -> None:
    file = io.BytesIO()
    pickle._Pickler(file, 4).dump(value)  # type: ignore[attr-defined]
    assert same(unpickle(file.getvalue()), value)
    assert same(unpickle(pickletools.optimize(file.getvalue())), value)


@given(values, st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_pieces_of_any_size_make_the_same_object(value: object, sizes: list[int]) -> None:
    data = pickle.dumps(value, 4)
    unpickler = Unpickler("a file", LIMIT)
    at = 0
    while at < len(data):
        assert not unpickler.finished
        size = sizes[at % len(sizes)]
        unpickler.feed(data[at : at + size])
        at += size
    assert unpickler.finished
    assert same(unpickler.value, value)


def test_protocol_2_reads_too() -> None:
    value = {"a": [1, 2.5, (3, "b")], "c": OrderedDict(x=1)}
    for protocol in (2, 3):
        assert same(unpickle(pickle.dumps(value, protocol)), value)


def test_shared_objects_stay_shared_and_cycles_are_possible() -> None:
    shared: list[Any] = [1.5]
    a, b = unpickle(pickle.dumps((shared, shared), 4))
    assert a is b
    shared.append(shared)
    cycle = unpickle(pickle.dumps(shared, 4))
    assert cycle[1] is cycle


def test_equal_strings_become_one() -> None:
    first, second = unpickle(pickle.dumps(["x-valid" + "@0"[:2], "x-val" + "id@0"[:4]], 4))
    assert first is second


def test_the_old_and_the_new_name_of_numpys_scalars() -> None:
    data = pickle.dumps(np.float64(1.5), 4)
    for module in (b"numpy.core.multiarray", b"numpy._core.multiarray"):
        scalar = b"\x8c" + bytes([len(module)]) + module
        start = data.index(b"\x8c")
        renamed = b"\x80\x04" + scalar + data[start + 2 + data[start + 1] :]
        assert same(unpickle(renamed), np.float64(1.5))


def _exit(*_: object) -> None:
    raise AssertionError("a pickle was executed")


@pytest.mark.parametrize("protocol", range(1, 6))
@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Call(__import__("os").system, "false"), r"(posix|nt)\.system"),
        (Call(eval, "1"), r"(builtins|__builtin__)\.eval"),
        (Call(getattr, OrderedDict, "mro"), r"(builtins|__builtin__)\.getattr"),
        ({"net_state_dict": Call(_exit)}, r"\S*test_unpickle\._exit"),
        ([OrderedDict(a=Call(_exit))], r"\S*test_unpickle\._exit"),
        (Fraction(1, 3), r"fractions\.Fraction"),
        (np.arange(3), r"numpy.*\._(reconstruct|frombuffer)"),
        (range(3), r"(builtins|__builtin__)\.x?range"),
    ],
)
def test_globals_are_refused_by_name(value: object, name: str, protocol: int) -> None:
    with pytest.raises(UnsafePickleError, match=rf"a file: byte \d+ of the pickle: it asks for {name}, which"):
        unpickle(pickle.dumps(value, protocol))


DTYPE = np.dtype("f8")
SCALAR = np.float64(1).__reduce__()[0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pickle.dumps(Call(SCALAR, np.dtype("O"), pickle.dumps(1))), "the dtype 'O8'"),
        (pickle.dumps(Call(SCALAR, np.dtype([("a", "f8")]), bytes(8))), "the dtype 'V8'"),
        (pickle.dumps(Call(SCALAR, np.dtype("M8[s]"), bytes(8))), "the dtype 'M8'"),
        (pickle.dumps(np.float64(1)).replace(b"\x8c\x02f8", b"\x8c\x02U8"), "the dtype 'U8'"),
        (pickle.dumps(Call(SCALAR, DTYPE, bytes(7))), "unexpected arguments for numpy scalar"),
        (pickle.dumps(Call(SCALAR, DTYPE, "8 letters")), "unexpected arguments for numpy scalar"),
        (pickle.dumps(Call(SCALAR, DTYPE)), "unexpected arguments for numpy scalar"),
        (pickle.dumps(Call(np.dtype, "f8,f8")), "the dtype 'f8,f8'"),
        (pickle.dumps(Call(np.dtype, {"names": ["a"]})), "the dtype {'names'"),
        (pickle.dumps(np.dtype(">f8")), "a dtype of byte order '>'"),
        (pickle.dumps(Call(np.dtype, "f8", state=(3, "<", (DTYPE, 2), None, None, 8, 8, 0))), "dtype with struct"),
        (pickle.dumps(Call(np.dtype, "f8", state=(4, "<", None, None, None, -1, -1, 0, {}))), "dtype with struct"),
        (pickle.dumps(Call(OrderedDict, [("a", 1)])), "unexpected arguments for collections.OrderedDict"),
        (pickle.dumps(Call(OrderedDict, state={"a": 1})), "the state of a OrderedDict"),
        *(
            (pickle.dumps(value), "collections.OrderedDict as a value")
            for value in (OrderedDict, [OrderedDict], (1, OrderedDict), {1: OrderedDict})
        ),
        (pickle.dumps({OrderedDict: 1}), "a key of type"),
        (pickle.dumps({1.5: 1}), "a key of type float"),
        (pickle.dumps({(1, (2, 3)): 1}), "a key of type tuple"),
        (pickle.dumps({None}), "a key of type NoneType"),
        (pickle.dumps(frozenset([1])), "the opcode FROZENSET"),
        (pickle.dumps(bytearray(5), 5), "the opcode BYTEARRAY8"),
        (pickle.dumps(pickle.PickleBuffer(b"x"), 5, buffer_callback=lambda _: False), "the opcode NEXT_BUFFER"),
        (pickle.dumps(1 << 64), "an integer of 9 bytes"),
        (pickle.dumps(1 << 4000), "the opcode LONG4"),
        (b"\x80\x06N.", "protocol 6"),
        (b"P17\n.", "the opcode PERSID"),
        (b"\x80\x04K\x01Q.", "the opcode BINPERSID"),
        (b"\x82\x01.", "the opcode EXT1"),
        (b"ios\nsystem\n.", r"asks for os\.system"),
        (b"icollections\nOrderedDict\n.", "the opcode INST"),
        (b"c" + b"a" * 300 + b"\n", "a name of more than 256 bytes"),
        (b"K\x01K\x02\x93.", "whose name is not text"),
        (b"\x8c\x02\xff\xfe.", "not UTF-8"),
        (b"\xff", "no pickle opcode"),
        (b"N", "cut short"),
        (b"", "cut short"),
        (b"N.N", "1 bytes or more follow the end of the pickle"),
        *((data, "ends in the middle") for data in (b".", b"NN.", b"(N.")),
        (b"\x94", "nothing to memoize"),
        (b"h\x00.", "memo 0 is not there"),
        (b"j\xff\xff\xff\xff.", "memo 4294967295 is not there"),
        (b"Nq\x05.", "memo 5 is put out of order"),
        (b"Nr\xff\xff\xff\x7f.", "memo 2147483647 is put out of order"),
        *((data, "needs more objects") for data in (b"q\0", b"R", b"NR", b"N(NR", b"\x93", b"b", b"(u", b"]((e")),
        *((data, "needs more objects") for data in (b"](Na", b"](NNs", b"\x85", b"N\x87")),
        (b"NNR", "a call of a NoneType"),
        (OD + b"NR.", "a call of a _Admitted"),
        (b"NNb.", "the state of a NoneType"),
        (b"u", "needs a mark"),
        (b"N(u.", "items set in a NoneType"),
        (b"}(Nu.", "a key without a value"),
        (b"}(e", "items appended to a dict"),
        (b"](N\x90", "members added to a list"),
        (b"\x8f(]\x90", "a key of type list"),
        (b"NNa", "an item appended to a NoneType"),
        (b"]NNs", "items set in a list"),
        (b"t", "needs a mark"),
        (b"(" * 65, "nested more than 64 deep"),
        (b"N" * ((1 << 19) + 1), "more than 524,288 items"),
        (b"]" * 250_001, "more than 250,000 containers"),
        (b"N\x85" + b"\x85" * 250_000, "more than 250,000 containers"),
        *(
            (data, "more than 1,048,576 bytes")
            for data in (
                *(b"X\xff\xff\xff\xff", b"B\xff\xff\xff\xff", b"\x8d" + b"\xff" * 8),
                *(b"\x8e" + b"\xff" * 7 + b"\x7f", b"\x8e" + bytes([0, 0, 16]) + bytes(5)),
            )
        ),
        (b"\x95" + b"\xff" * 8 + b"N", "cut short"),
    ],
)
def test_refused_in_words(data: bytes, message: str) -> None:
    with pytest.raises(ArchiveError, match=f"^a file: .*{message}"):
        unpickle(data)


def test_deep_nesting_neither_recurses_nor_crashes() -> None:
    value = unpickle(b"N" + b"\x85" * 200_000 + b".")
    for _ in range(200_000):
        (value,) = value
    assert value is None
    del value
    unpickle(b"]" * 100_000 + b"a" * 99_999 + b".")


def test_crafted_collisions_in_the_pool_of_strings_cost_little() -> None:
    """Whatever the hash, more strings than the pool holds are still read right."""
    texts = [f"{number:x}" for number in range(100_000)]
    assert unpickle(pickle.dumps(texts + texts, 4), 1 << 24) == texts + texts


def test_10_000_mutated_pickles() -> None:
    """Each gives a value or an error in words; nothing crashes, hangs, or raises anything else."""
    small = dict(record(SSS, 5, "01"))
    seeds = [pickle.dumps(small, protocol) for protocol in (2, 4, 5)]
    rng, mutate = np.random.default_rng(20), load_tool("mutate").mutate
    read = refused = 0
    for number in range(10_000):
        data = mutate(seeds[number % 3], [], rng)
        unpickler = Unpickler("a file", LIMIT, streaming=number % 2 == 0)
        try:
            unpickler.feed(data[: len(data) // 2])
            unpickler.feed(data[len(data) // 2 :], last=True)
            read += 1
        except ArchiveError:
            refused += 1
    assert read > 300
    assert refused > 1000


def test_first_misfit() -> None:
    kinds = frozenset([float, int])
    keys: frozenset[Any] = frozenset(range(3))
    assert first_misfit({0: 1.0, 1: 2, 2: float("nan")}, keys, kinds) is None
    assert first_misfit(OrderedDict({0: 1.0}), keys, kinds) is None
    assert first_misfit({}, keys, kinds) is None
    assert first_misfit({0: 1.0, 1: True}, keys, kinds) == (1, True)
    assert first_misfit({0: 1.0, 3: 1.0}, keys, kinds) == (3, 1.0)
    with pytest.raises(TypeError, match="a dict was expected"):
        first_misfit([], keys, kinds)
