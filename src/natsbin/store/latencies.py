"""Latencies of trials as ``ResultsCount.get_latency`` of the API gives them, from the forms of the trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from natsbin.api.utils import mean
from natsbin.store.forms import TrialForm
from natsbin.store.layouts import MISSING


@dataclass(frozen=True)
class Latencies:
    """An entry for each trial.

    ``values`` are in seconds: -1.0 where none was measured, missing where ``get_latency`` fails. ``are_float64`` is 1
    where it gives a numpy float64, 0 for a float. ``irregular`` is where it gives something else, e.g. a float32.
    """

    values: npt.NDArray[np.float64]
    are_float64: npt.NDArray[np.uint8]
    irregular: npt.NDArray[np.bool_]


def find_latencies(forms: Sequence[TrialForm], form: npt.NDArray[np.intp], slots: npt.NDArray[np.float64]) -> Latencies:
    """The latencies of trials of the forms ``forms[form]``, whose numbers are in ``slots``."""
    values, in_slot = np.full(len(forms), MISSING), np.zeros(len(forms), np.bool_)
    are_float64, irregular = np.zeros(len(forms), np.uint8), np.zeros(len(forms), np.bool_)
    for number, latency in enumerate(one.latency for one in forms):
        slot = latency and latency.slot
        if latency is None or (slot and not slot.in_list):
            continue  # no list of numbers: get_latency fails
        if slot:
            in_slot[number], are_float64[number] = True, slot.type == "float64"
            continue
        measured = latency.value(MISSING)
        try:
            found = -1.0 if measured is None else mean(list(measured))
        except (ArithmeticError, TypeError):
            continue
        irregular[number] = type(found) not in (float, np.float64)
        if not irregular[number]:
            values[number], are_float64[number] = found, type(found) is np.float64
    return Latencies(np.where(in_slot[form], slots, values[form]), are_float64[form], irregular[form])
