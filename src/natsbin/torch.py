"""Architectures and their values as a torch dataset: encodings in, one quantity out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin import encodings
from natsbin._util.extras import missing
from natsbin.adaptors.opening import check_official, chosen_architectures, chosen_hp, open_batch
from natsbin.errors import QuestionError
from natsbin.store import Store

try:
    import torch
    from torch.utils.data import Dataset
except ImportError as error:
    raise missing("natsbin.torch", "torch", "torch") from error

Sample = tuple[torch.Tensor, torch.Tensor]

Encoding = Callable[[npt.NDArray[np.int32]], npt.NDArray[Any]]
"""Makes an array, of shape (architectures, …), of indexes."""


class ArchitectureDataset(Dataset[Sample]):
    """Pairs of an encoding (float32) and a value (float64), an architecture each, that has such a value.

    All of it is in memory (2 MB for the one-hot topology space), so it pickles, and workers that are forked or
    spawned need no file. ``dataset[3]`` is one pair, ``dataset[[1, 2, 3]]`` a pair of tensors with a batch axis;
    ``__getitems__`` serves ``DataLoader(dataset, batch_size=256)``. Without collating:
    ``DataLoader(dataset, sampler=BatchSampler(RandomSampler(dataset), 256, False), batch_size=None)``.

    Attributes: ``index`` (official indexes, int32, of shape (n,)), ``x`` (n, …) and ``y`` (n,), or (n, epochs) where
    ``curves`` were asked for; ``space``, the search space.
    """

    def __init__(
        self,
        store: Store | str | Path,
        dataset: str = "cifar10-valid",
        setname: str = "x-valid",
        quantity: str = "accuracy",
        *,
        hp: str | int | None = None,
        epoch: int | None = None,
        seed: int | None = None,
        curves: bool = False,
        architectures: Any = None,
        encoding: Encoding | None = None,
    ) -> None:
        """Read the values once.

        Args:
            store: a store or its path.
            dataset, setname, quantity: as ``Batch.points`` takes them: accuracy in percent, times in seconds.
            hp: hyper-parameter set; that of most epochs for None.
            epoch: counted from 0; the last for None.
            seed: one seed; the mean over the seeds for None.
            curves: values of all epochs, NaN where there is none, for architectures that have any.
            architectures: indexes or strings; all that the store has for None.
            encoding: what makes arrays of indexes, e.g. ``encodings.paths``; one-hot operations or channels for None.

        Raises QuestionError for what the store does not have.
        """
        opened, batch = open_batch(store)
        check_official(opened)
        name = chosen_hp(opened, hp)
        index = chosen_architectures(opened, batch, architectures)
        if curves:
            if epoch is not None:
                raise QuestionError(f"epoch={epoch} of whole curves: expected one of the two")
            values = batch.curves(index, dataset, setname, quantity, name, seed)
            there = ~np.isnan(values).all(axis=1)
        else:
            values = batch.points(index, dataset, setname, quantity, epoch, name, False if seed is None else seed)
            there = ~np.isnan(values)
        self.space, self.index = opened.space, index[there]
        encode = encoding or (lambda chosen: encodings.one_hot(opened.space, chosen))
        self.x = torch.from_numpy(np.asarray(encode(self.index), np.float32))
        self.y = torch.from_numpy(np.ascontiguousarray(values[there]))

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, at: Any) -> Sample:
        """A pair, or a pair of tensors with a batch axis where ``at`` is a list, an array, a tensor or a slice."""
        return self.x[at], self.y[at]

    def __getitems__(self, at: Sequence[int]) -> list[Sample]:
        """The pairs of a whole batch, taken at once: what a DataLoader asks for."""
        x, y = self[torch.as_tensor(at)]
        return list(zip(x.unbind(), y.unbind(), strict=True))

    def graphs(self, order: str = "darts") -> list[Any]:
        """The cells as ``torch_geometric.data.Data``: ``x`` (8, 7), ``edge_index``, ``y`` and ``architecture``.

        Nodes are the operations, between input and output, as ``encodings.nodes`` has them; topology space only.
        """
        if self.space.name != "tss":
            raise QuestionError(f"graphs of the {self.space.title} space: only cells are graphs")
        try:
            from torch_geometric.data import Data
        except ImportError as error:
            raise ImportError("graphs need torch_geometric: pip install torch_geometric") from error
        adjacency, features = encodings.nodes(self.index, order)
        edges = torch.from_numpy(np.stack(np.nonzero(adjacency)))
        x = torch.from_numpy(features.astype(np.float32))
        return [
            Data(x=one, edge_index=edges, y=value.reshape(1, -1), architecture=int(index))
            for one, value, index in zip(x.unbind(), self.y.unbind(), self.index, strict=True)
        ]
