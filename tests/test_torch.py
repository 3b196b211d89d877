"""The torch dataset holds the values of the scalar API, alone, in batches, and in the hands of workers."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from support.made import Made
from support.small_spaces import scalar_api, small_space

from natsbin import encodings
from natsbin.errors import QuestionError
from natsbin.spaces import TSS
from natsbin.store import Store

torch = pytest.importorskip("torch")

from torch.utils.data import BatchSampler, DataLoader, RandomSampler  # noqa: E402

from natsbin.torch import ArchitectureDataset  # noqa: E402


@pytest.fixture(scope="session")
def store(made: Made) -> Store:
    return small_space(made, "tss")


@pytest.fixture
def data(store: Store) -> ArchitectureDataset:
    return ArchitectureDataset(store)


def test_values_are_the_scalar_apis(store: Store, data: ArchitectureDataset) -> None:
    assert data.index.tolist() == store.indexes.tolist()
    api = scalar_api(store)
    for place, index in enumerate(data.index.tolist()):
        x, y = data[place]
        assert y.item() == api.get_more_info(index, "cifar10-valid", hp="200", is_random=False)["valid-accuracy"]
        assert encodings.from_one_hot(TSS, x.numpy()) == index


def test_other_values_and_encodings(store: Store) -> None:
    few = store.indexes[:5].tolist()
    one = ArchitectureDataset(
        store.path, "cifar100", "train", "loss", hp=12, epoch=3, seed=111, architectures=few, encoding=encodings.paths
    )
    found = [scalar_api(store).get_more_info(i, "cifar100", 3, "12", is_random=111)["train-loss"] for i in few]
    assert one.y.tolist() == found
    assert encodings.from_paths(one.x.numpy().astype(np.uint8)).tolist() == few
    curves = ArchitectureDataset(store, "cifar100", "train", "all_time", hp="12", curves=True, architectures=few)
    assert curves.y.shape == (5, 12)
    expected = scalar_api(store).get_more_info(few[2], "cifar100", 7, "12", is_random=False)["train-all-time"]
    assert curves.y[2, 7].item() == expected


def test_only_architectures_with_a_value_are_in_it(store: Store) -> None:
    data = ArchitectureDataset(store, "cifar10-valid", seed=999)
    having = store.table("200", "cifar10-valid")
    assert data.index.tolist() == sorted(having.architecture[having.seed == 999].tolist())
    assert 0 < len(data) < len(store.indexes)


@pytest.mark.parametrize("start", ["none", "fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_an_epoch_has_every_architecture_once(data: ArchitectureDataset, start: str) -> None:
    workers: dict[str, Any] = {} if start == "none" else {"num_workers": 2, "multiprocessing_context": start}
    loader = DataLoader(data, batch_size=10, shuffle=True, generator=torch.Generator().manual_seed(1), **workers)
    batches = list(loader)
    assert [len(y) for _, y in batches] == [10] * 6 + [4]
    found = {
        int(encodings.from_one_hot(TSS, x.numpy())): y.item() for xs, ys in batches for x, y in zip(xs, ys, strict=True)
    }
    assert found == dict(zip(data.index.tolist(), data.y.tolist(), strict=True))


def test_whole_batches_without_collating(data: ArchitectureDataset) -> None:
    sampler = BatchSampler(RandomSampler(data, generator=torch.Generator().manual_seed(1)), 16, False)
    batches = list(DataLoader(data, sampler=sampler, batch_size=None))
    assert [x.shape for x, _ in batches] == [(16, 6, 5)] * 4
    assert sorted(torch.cat([y for _, y in batches]).tolist()) == sorted(data.y.tolist())


def test_it_pickles(data: ArchitectureDataset) -> None:
    again = pickle.loads(pickle.dumps(data))
    assert torch.equal(again.x, data.x)
    assert torch.equal(again.y, data.y)


def test_graphs_are_those_of_torch_geometric(data: ArchitectureDataset) -> None:
    pytest.importorskip("torch_geometric")
    graphs = data.graphs("naslib")
    assert [graph.architecture for graph in graphs] == data.index.tolist()
    one = graphs[7]
    assert encodings.from_nodes(one.x.numpy(), "naslib") == data.index[7]
    assert one.y.item() == data.y[7].item()
    assert one.edge_index.T.tolist() == [
        [0, 1], [0, 2], [0, 3], [1, 4], [1, 5], [2, 6], [3, 7], [4, 6], [5, 7], [6, 7],
    ]  # fmt: skip
    assert one.validate()


def test_what_is_not_there_is_refused(store: Store, made: Made) -> None:
    with pytest.raises(QuestionError, match="one of the two"):
        ArchitectureDataset(store, curves=True, epoch=3)
    with pytest.raises(QuestionError, match="no set 'x-valid'"):
        ArchitectureDataset(store, "cifar10")
    sizes = small_space(made, "sss")
    with pytest.raises(QuestionError, match="only cells"):
        ArchitectureDataset(sizes).graphs()
