"""From the records of a full archive to those of the simple archive that is published beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from natsbin.archive.base import Record, Task


def simplify(states: Mapping[str, dict[str, Any]]) -> None:
    """Forget a record's trained weights, in place and as ``ArchResults.clear_params`` does."""
    for state in states.values():
        for trial in state["all_results"].values():
            if trial["net_state_dict"] is not None:
                trial["net_state_dict"] = None
                state["clear_net_done"] = True


def simple_records(task: Task) -> Iterator[Record]:
    """A task's records, simplified as each is read."""
    for record in task.read():
        simplify(record.states)
        yield record
