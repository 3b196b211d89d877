"""Latencies of trials as ``ResultsCount.get_latency`` of the API gives them, from the forms of the trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin.store import forms as trial_forms
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


def find_latencies(
    forms: Sequence[Mapping[str, Any]], form: npt.NDArray[np.uint32], slots: npt.NDArray[np.float64]
) -> Latencies:
    """The latencies of trials of the forms ``forms[form]``, whose numbers are in ``slots``."""
    values, in_slot = np.full(len(forms), MISSING), np.zeros(len(forms), np.bool_)
    are_float64, irregular = np.zeros(len(forms), np.uint8), np.zeros(len(forms), np.bool_)
    for number in np.flatnonzero(np.bincount(form)).tolist():
        spec: Any = next((item[2] for item in forms[number]["trial"] if item[0] == "latency"), ("slot", "float"))
        if spec[0] == "slot":
            continue  # a number, no list of numbers: get_latency fails
        if spec[0] == "list" and len(spec[1]) == 1 and spec[1][0][0] == "slot":
            in_slot[number], are_float64[number] = True, spec[1][0][1] == "float64"
            continue
        measured = trial_forms.thaw(spec, "")
        try:
            mean = -1.0 if measured is None else sum(measured) / len(measured)
        except (ArithmeticError, TypeError):
            continue
        irregular[number] = type(mean) not in (float, np.float64)
        if not irregular[number]:
            values[number], are_float64[number] = mean, type(mean) is np.float64
    return Latencies(np.where(in_slot[form], slots, values[form]), are_float64[form], irregular[form])
