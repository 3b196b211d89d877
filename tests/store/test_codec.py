"""Numbers as bytes, and averages as exact sums: the native encoder against the references, and back to the bit."""

from __future__ import annotations

from collections import OrderedDict

import h5py
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

from natsbin import _codec
from natsbin.spaces import BATCH_SIZE, SAMPLES
from natsbin.store import codec, hdf5, layouts
from natsbin.store.layouts import MISSING, Float, Layout, Unsigned

Floats = npt.NDArray[np.float64]


def same(a: Floats, b: Floats) -> bool:
    return a.shape == b.shape and a.tobytes() == b.tobytes()


@st.composite
def float_layouts(draw: st.DrawFn) -> Float:
    size = draw(st.integers(2, 7))
    exponent_bits = draw(st.integers(max(2, 8 * size - 1 - 52), min(10, 8 * size - 3)))
    return Float(size, exponent_bits, draw(st.integers(1, min(1022, 2**exponent_bits))))


@st.composite
def float_numbers(draw: st.DrawFn, layout: Float) -> Floats:
    """Numbers that a layout holds: made from their sign, exponent and mantissa, or special."""
    top = (1 << layout.exponent_bits) - 1
    exponents = st.integers(1, top - 1)
    mantissas = st.integers(0, 2**layout.mantissa_bits - 1)

    def number(sign: bool, code: int, mantissa: int) -> float:
        exact = np.ldexp(1.0 + np.ldexp(float(mantissa), -layout.mantissa_bits), code - layout.bias)
        return float(-exact if sign else exact)

    special = st.sampled_from([0.0, -0.0, np.inf, -np.inf, np.nan, MISSING])
    usual = st.builds(number, st.booleans(), exponents, mantissas)
    return np.array(draw(st.lists(usual | special, max_size=20)), np.float64)


@given(st.data(), float_layouts())
def test_small_floats(data: st.DataObject, layout: Float) -> None:
    numbers = data.draw(float_numbers(layout))
    raw = layout.encode(numbers)
    assert raw.shape == (len(numbers), layout.size)
    assert same(layout.decode(raw), numbers)
    assert codec.pack(layout, numbers).tobytes() == raw.tobytes()


@given(stn.arrays(np.uint64, st.integers(0, 20), elements=st.integers(0, 2**64 - 1)))
def test_whole_doubles_hold_any_bits(words: npt.NDArray[np.uint64]) -> None:
    numbers = words.view(np.float64)
    assert same(Float(8).decode(Float(8).encode(numbers)), numbers)
    assert codec.pack(Float(8), numbers).tobytes() == Float(8).encode(numbers).tobytes() == words.tobytes()


@pytest.mark.parametrize("size", [1, 2])
def test_unsigned(size: int) -> None:
    layout = Unsigned(size)
    numbers = np.append(np.arange(layout.missing, dtype=np.float64), MISSING)
    raw = layout.encode(numbers)
    assert same(layout.decode(raw), numbers)
    assert codec.pack(layout, numbers).tobytes() == raw.tobytes()
    assert raw.max(axis=0).tolist() == [255] * size
    assert (raw[-1] == 255).all()


@given(float_layouts())
def test_layouts_are_hdf5_types(layout: Float) -> None:
    assert layouts.from_kind(hdf5.from_hdf5(hdf5.to_hdf5(layout.kind))) == layout


def test_only_layouts_are_taken_from_hdf5() -> None:
    for some in (Unsigned(1), Unsigned(2), Float(8)):
        assert layouts.from_kind(hdf5.from_hdf5(hdf5.to_hdf5(some.kind))) == some
    for dtype in ("<i2", "<u4", "<u8", ">f8", ">u2", "S3", "<c16"):
        with pytest.raises(ValueError, match="type"):
            layouts.from_kind(hdf5.from_hdf5(h5py.h5t.py_create(np.dtype(dtype))))


def test_hdf5_reads_the_numbers(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any HDF5 reader converts the small floats to doubles; missing ones are NaN."""
    layout = Float(5, 7, 30)
    numbers = np.array([0.0, -0.0, 1.0, -1.5, 2.0**-28, 3.14159, np.inf, np.nan, MISSING])
    numbers[5] = layout.decode(layout.encode(numbers))[5]
    with h5py.File(tmp_path_factory.mktemp("hdf5") / "floats.h5", "w") as file:
        create = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        create.set_chunk((9,))
        dataset = h5py.h5d.create(file.id, b"x", hdf5.to_hdf5(layout.kind), h5py.h5s.create_simple((9,)), dcpl=create)
        dataset.write_direct_chunk((0,), layout.encode(numbers).tobytes())
        np.testing.assert_array_equal(h5py.Dataset(dataset).astype("f8")[()], numbers)


DOUBLES = stn.arrays(
    np.float64,
    stn.array_shapes(min_dims=1, max_dims=2, max_side=6),
    elements=st.floats() | st.floats(0, 100) | st.just(MISSING) | st.sampled_from([0.0, -0.0, 50.0, 1e-310]),
)
SAMPLED = st.sampled_from([None, *sorted(set(SAMPLES.values())), 7, 256, 100_000_000])


@given(DOUBLES, st.sampled_from(["accuracy", "top5", "loss", "time", "latency"]), SAMPLED)
def test_any_values_come_back(values: Floats, quantity: str, samples: int | None) -> None:
    assert_exact(codec.encode(quantity, samples, values), values)


def assert_exact(encoded: codec.Encoded, values: Floats) -> None:
    """The numbers come back from their bytes, and the values from the numbers."""
    coding, numbers, packed = encoded
    stored = coding.layout.decode(coding.layout.encode(numbers))
    assert same(stored, numbers)
    assert codec.pack(coding.layout, numbers).tobytes() == coding.layout.encode(stored).tobytes()
    assert coding.tail == (packed is not None)
    tail = None
    if packed is not None:
        tail = codec.TAIL_LAYOUT.decode(packed[..., None])
        assert (codec.TAIL_LAYOUT.encode(tail)[..., 0] == packed).all()
        assert codec.pack(codec.TAIL_LAYOUT, tail).tobytes() == packed.tobytes()
    assert same(coding.decode(stored, tail), values)


def batches(samples: int) -> list[int]:
    return [BATCH_SIZE] * (samples // BATCH_SIZE) + [samples % BATCH_SIZE] * (samples % BATCH_SIZE > 0)


def accuracy(rng: np.random.Generator, samples: int) -> float:
    """The average that a training run makes: percents of batches, the last in single precision, added up."""
    total = 0.0
    for size in batches(samples):
        correct = int(rng.integers(0, size + 1))
        total += float(np.float32(correct) * np.float32(100.0 / size)) * size
    return total / samples


def loss(rng: np.random.Generator, samples: int) -> float:
    total = 0.0
    for size in batches(samples):
        total += float(np.float32(rng.uniform(0.001, 5.0))) * size
    return total / samples


@pytest.mark.parametrize("samples", sorted(set(SAMPLES.values())))
def test_averages_of_batches_are_counts_and_sums(samples: int) -> None:
    rng = np.random.default_rng(samples)
    accuracies = np.array([accuracy(rng, samples) for _ in range(12)] + [0.0, 100.0, MISSING])
    encoded = codec.encode("accuracy", samples, accuracies)
    coding = encoded.coding
    assert coding.kind == codec.COUNT
    assert coding.tail == codec.needs_tail(samples)
    assert coding.layout.size <= 3
    assert_exact(encoded, accuracies)
    losses = np.array([loss(rng, samples) for _ in range(14)] + [MISSING])
    encoded = codec.encode("loss", samples, losses)
    coding = encoded.coding
    assert coding.kind == codec.SUM
    assert coding.layout.size <= 6
    assert_exact(encoded, losses)


@pytest.mark.parametrize("samples", [3_000, 10_000, 151_700])
def test_one_odd_value_keeps_a_column_as_it_is(samples: int) -> None:
    rng = np.random.default_rng(1)
    for quantity, average, odd in (("accuracy", accuracy, 100 / 7), ("loss", loss, 1e300), ("top5", accuracy, np.nan)):
        values = np.array([average(rng, samples) for _ in range(5)] + [odd])
        encoded = codec.encode(quantity, samples, values)
        assert encoded.coding.kind == codec.PLAIN
        assert_exact(encoded, values)


def test_last_batch_is_float32_arithmetic() -> None:
    for samples in set(SAMPLES.values()):
        size = samples % BATCH_SIZE
        expected = [float(np.float32(k) * np.float32(100.0 / size)) * size if size else 0.0 for k in range(size + 1)]
        assert codec.last_batch(samples).tolist() == expected
        assert codec.needs_tail(samples) == (size not in (0, 16, 80))


@given(DOUBLES)
def test_measure_says_what_a_layout_needs(values: Floats) -> None:
    extent = layouts.Extent(*_codec.measure(values.reshape(-1)))
    layout = layouts.choose(extent)
    assert same(layout.decode(layout.encode(values)), values)


def test_native_functions_refuse_wrong_lengths() -> None:
    some, short, codes = np.zeros(3), np.zeros(2), np.zeros(5, np.uint8)
    with pytest.raises(ValueError, match="expected 3"):
        _codec.sums(some, 10.0, short)
    with pytest.raises(ValueError, match="lengths differ"):
        _codec.counts(some, 10, np.zeros(1), np.zeros(1, np.uint8), short, None)
    with pytest.raises(ValueError, match="lengths differ"):
        _codec.counts(some, 10, np.zeros(0), np.zeros(0, np.uint8), some.copy(), None)
    with pytest.raises(ValueError, match="lengths differ"):
        _codec.counts(some, 10, np.zeros(1), np.zeros(1, np.uint8), some.copy(), codes)
    with pytest.raises(ValueError, match="5 bytes"):
        _codec.pack_unsigned(some, 2, codes)
    with pytest.raises(ValueError, match="5 bytes"):
        _codec.pack_float(some, 4, 8, 127, codes)
    with pytest.raises(ValueError, match="no layout"):
        _codec.pack_float(some, 9, 8, 127, codes)


@pytest.mark.parametrize("layout", [Unsigned(1), Unsigned(2), Float(3, 5, 4), Float(8)], ids=str)
def test_empty(layout: Layout) -> None:
    assert codec.pack(layout, np.zeros((0, 4))).shape == (0, 4, layout.size)


@given(st.dictionaries(st.text(max_size=3), st.floats(), max_size=8), st.integers(0, 3))
def test_floats_are_taken_where_keys_and_types_match(curve: dict[str, float], start: int) -> None:
    keys, out = tuple(curve), np.zeros(len(curve) + start)
    assert _codec.take_floats(curve, keys, out, start)
    assert same(out[start:], np.array(list(curve.values()), np.float64))
    assert not _codec.take_floats(curve, (*keys, "more"), np.zeros(20), 0)
    if len(curve) > 1:
        assert not _codec.take_floats(curve, keys[::-1], out, start)
        assert not _codec.take_floats({**curve, keys[0]: 1}, keys, out, start)
    with pytest.raises(ValueError, match="out holds"):
        _codec.take_floats(curve, keys, out, start + 1)


def test_keys_that_are_only_equal_do_not_match() -> None:
    out = np.zeros(1)
    assert _codec.take_floats({1: 0.5}, (1,), out, 0)
    assert not _codec.take_floats({True: 0.5}, (1,), out, 0)
    assert not _codec.take_floats({1: np.float64(0.5)}, (1,), out, 0)
    with pytest.raises(TypeError):  # its order may be another than that of the dict below it
        _codec.take_floats(OrderedDict({1: 0.5}), (1,), out, 0)
