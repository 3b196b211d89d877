"""A Nevergrad optimisation, the loss of which the scalar API gives too."""

from __future__ import annotations

from typing import Any

import pytest
from support.small_spaces import CHOICES

from natsbin.store import Store

nevergrad = pytest.importorskip("nevergrad")

from natsbin.adaptors.nevergrad import Loss, parametrization  # noqa: E402


def test_an_optimisation(sss: Store, said: Any) -> None:
    loss = Loss(sss, hp="12")
    space = parametrization("sss", CHOICES["sss"])
    space.random_state.seed(7)
    optimizer = nevergrad.optimizers.DiscreteOnePlusOne(space, budget=40)
    seen = []
    optimizer.register_callback("tell", lambda _, candidate, value: seen.append((candidate.value, value)))
    best = optimizer.minimize(loss)
    for configuration, value in seen:
        assert value == -said(loss.index(configuration), 11)[0]
    assert loss.used_time == pytest.approx(sum(said(loss.index(one), 11)[1] for one, _ in seen))
    assert -loss(best.value) >= max(said(index, 11)[0] for index in sss.indexes.tolist()) - 5
    assert parametrization("tss").sample().value.keys() == {f"op_{i}_{j}" for j in range(4) for i in range(j)}
