"""Where units are computed: here, in processes by joblib, on a Dask cluster, or on a Ray cluster.

An engine takes units and gives each back with its files as it is done, in any order. A unit whose worker is lost is
done again.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

from natsbin._util.system import cores
from natsbin.errors import NatsbinError, QuestionError
from natsbin.sweep.parts import Files
from natsbin.sweep.unit import Unit, compute

Done = Iterator[tuple[Unit, Files]]
RETRIES = 5  # lost workers in a row, or of one unit, after which a sweep gives up (Dask has a limit of its own)


def serial(units: list[Unit], jobs: int | None, address: str | None) -> Done:
    """One after the other, in this process."""
    for unit in units:
        yield unit, compute(unit)


def by_joblib(units: list[Unit], jobs: int | None, address: str | None) -> Done:
    """Processes of this machine."""
    joblib = needed("joblib", "joblib")
    broken = needed("joblib.externals.loky.process_executor", "joblib").TerminatedWorkerError
    waiting, losses = {unit.name: unit for unit in units}, 0
    while waiting:
        pool = joblib.Parallel(jobs or cores(), return_as="generator_unordered", pre_dispatch="3*n_jobs", batch_size=1)
        try:
            for name, files in pool(joblib.delayed(_named)(unit) for unit in list(waiting.values())):
                losses = 0
                yield waiting.pop(name), files
        except broken as error:
            losses += 1
            if losses > RETRIES:
                raise NatsbinError(f"a worker process died {losses} times in a row: {error}") from error


def by_dask(units: list[Unit], jobs: int | None, address: str | None) -> Done:
    """A Dask cluster by the address of its scheduler, or one of this machine."""
    distributed = needed("distributed", "dask")
    options: dict[str, Any] = {"address": address}
    if address is None:
        options = {"n_workers": jobs or cores(), "threads_per_worker": 1, "dashboard_address": None}
    with distributed.Client(**options) as client:
        futures = {client.submit(compute, unit, key=unit.name): unit for unit in units}
        for future in distributed.as_completed(list(futures)):
            try:
                files = future.result()
            except distributed.KilledWorker as error:
                raise NatsbinError(f"a unit lost its worker again and again: {error}") from error
            yield futures.pop(future), files
            future.release()  # or the cluster keeps the bytes


def by_ray(units: list[Unit], jobs: int | None, address: str | None) -> Done:
    """A Ray cluster by its address, or one of this machine."""
    ray = needed("ray", "ray")
    ours = not ray.is_initialized()
    if ours:
        local = {"num_cpus": jobs or cores(), "include_dashboard": False} if address is None else {}
        ray.init(address=address, log_to_driver=False, **local)
    try:
        run = ray.remote(max_retries=RETRIES)(compute)
        ahead = 4 * int(ray.cluster_resources().get("CPU", 1))
        waiting = iter(units)
        running: dict[Any, Unit] = {}
        while True:
            for unit in waiting:
                running[run.remote(unit)] = unit
                if len(running) >= ahead:
                    break
            if not running:
                return
            (reference,), _ = ray.wait(list(running))
            try:
                files = ray.get(reference)
            except ray.exceptions.RayTaskError as error:
                raise error.cause if isinstance(error.cause, NatsbinError) else error from None
            except ray.exceptions.RayError as error:
                raise NatsbinError(f"a unit lost its worker again and again: {error}") from error
            yield running.pop(reference), files
    finally:
        if ours:
            ray.shutdown()


ENGINES: dict[str, Callable[[list[Unit], int | None, str | None], Done]] = {
    "serial": serial,
    "joblib": by_joblib,
    "dask": by_dask,
    "ray": by_ray,
}


def find_engine(name: str) -> Callable[[list[Unit], int | None, str | None], Done]:
    """The engine of a name. QuestionError, with the names there are, for none."""
    if name not in ENGINES:
        raise QuestionError(f"no engine {name!r}: there are {', '.join(ENGINES)}")
    return ENGINES[name]


def needed(module: str, extra: str) -> Any:
    """An optional library. NatsbinError says how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise NatsbinError(f"{error}: pip install 'natsbin[{'sweep' if extra == 'joblib' else extra}]'") from error


def _named(unit: Unit) -> tuple[str, Files]:
    return unit.name, compute(unit)
