"""The outcome of a sweep in few numbers: mean and standard deviation by space, dataset, hp and algorithm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from natsbin.sweep.parts import read_parts

KEYS = ("space", "dataset", "hp", "algorithm")


def summarize(out: Path) -> list[dict[str, Any]]:
    """A row for each combination: runs, trainings, simulated seconds, and accuracies of final choices in percent."""
    runs = read_parts(out, "runs").select([*KEYS, "trainings", "seconds", "valid", "test", "test_regret"])
    asked = [("trainings", "sum"), ("trainings", "count"), ("seconds", "mean"), ("test_regret", "mean")]
    asked += [(name, how) for name in ("valid", "test") for how in ("mean", "stddev")]
    return [
        {
            **{key: row[key] for key in KEYS},
            "runs": row["trainings_count"],
            "trainings": row["trainings_sum"],
            "seconds": row["seconds_mean"],
            "valid_mean": row["valid_mean"],
            "valid_std": row["valid_stddev"],
            "test_mean": row["test_mean"],
            "test_std": row["test_stddev"],
            "test_regret": row["test_regret_mean"],
        }
        for row in runs.group_by(list(KEYS), use_threads=False).aggregate(asked).to_pylist()
    ]
