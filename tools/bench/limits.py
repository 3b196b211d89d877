"""What natsbin promises: each command measures its figures, which are printed beside their limits."""

from __future__ import annotations

import bz2
import functools
import gc
import io
import itertools
import multiprocessing
import os
import pickle
import resource
import statistics
import subprocess
import sys
import tempfile
import timeit
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import click
from measure import MB, best, budget_option, fresh, mapped, peak, private, seconds, watched
from questions import DATASET, HPS, SEARCHED, space_of
from report import Figure, figures_command

WHOLE = 15_625
store_argument = click.argument("store", type=click.Path(exists=True, dir_okay=False, path_type=Path))
archive_argument = click.argument("archive", type=click.Path(exists=True, file_okay=False, path_type=Path))
jobs_option = click.option("--jobs", default=len(os.sched_getaffinity(0)), show_default=True)


# -- scalar -------------------------------------------------------------------------------------------------

MORE = 100  # times as many calls in a pass of natsbin as in one of the original
CALLS = {  # a call as a program writes it, the most microseconds it may take, how many times faster it must be
    "simulate_train_eval": ("simulate_train_eval(arch, dataset, hp=hp)", 1.5, 5_000),
    "get_cost_info": ("get_cost_info(arch, dataset, hp=hp)", 2, 5_000),
    "get_more_info, mean": ("get_more_info(arch, dataset, hp=hp, is_random=False)", 2, 300),
    "get_more_info, random": ("get_more_info(arch, dataset, hp=hp)", 2, 300),
    "get_more_info, one seed": ("get_more_info(arch, dataset, hp=hp, is_random=777)", 2, 300),
}


@figures_command
@archive_argument
@click.option("--hp", default="200", show_default=True)
@click.option("--calls", default=100, show_default=True, help="Of the original in a pass.")
@budget_option
def scalar(archive: Path, hp: str, calls: int, budget: float) -> list[Figure]:
    """Calls on ARCHIVE, a folder of a few architectures, warm, over all datasets, beside nats_bench in fast mode."""
    figures = []
    for name, (original, ours) in fresh(_scalar, archive, hp, calls, budget).items():
        _, most, times = CALLS[name]
        note = f"nats_bench {original * 1e6:,.0f} µs"
        figures.append(Figure(f"{name}: a call", ours * 1e6, "µs", most))
        figures.append(Figure(f"{name}: times faster", original / ours, "×", times, least=True, note=note))
    return figures


def _scalar(archive: Path, hp: str, calls: int, budget: float) -> dict[str, tuple[float, float]]:
    """Seconds a call of the original and of natsbin, by kind of call."""
    import nats_bench

    import natsbin
    from natsbin.roads.convert import convert
    from natsbin.spaces import DATASETS
    from natsbin.store import open_store

    with tempfile.TemporaryDirectory() as folder:
        store = open_store(convert(archive, Path(folder, "store.h5"), jobs=1))
        space, archs = store.space.name, store.indexes.tolist()
        theirs = nats_bench.create(str(archive), space, fast_mode=True, verbose=False)
        ours = natsbin.create(store.path, space, fast_mode=True, verbose=False)

        def call_seconds(api: Any, name: str, count: int) -> float:
            datasets = [one for one in DATASETS if one != "cifar10-valid" or name != "simulate_train_eval"]
            asked = list(itertools.islice(itertools.cycle(itertools.product(archs, datasets)), count))
            loop = f"for arch, dataset in asked: api.{CALLS[name][0]}"
            timer = timeit.Timer(loop, "api, asked, hp = given", globals={"given": (api, asked, hp)})
            return best(lambda: timer.timeit(1), budget) / count

        return {name: (call_seconds(theirs, name, calls), call_seconds(ours, name, calls * MORE)) for name in CALLS}


# -- open ---------------------------------------------------------------------------------------------------


@figures_command
@store_argument
@archive_argument
@click.option("--runs", default=11, show_default=True, help="Processes of each kind; the median counts.")
def opening(store: Path, archive: Path, runs: int) -> list[Figure]:
    """Importing natsbin and create() on STORE, and the same of nats_bench on ARCHIVE: CPU time of fresh processes."""
    space = space_of(store)
    opens = ", fast_mode=True, verbose=False)"
    runs_of = {
        "import numpy": ("import numpy", "pass"),
        "natsbin: import and create()": (f"import natsbin; natsbin.create({str(store)!r}, {space!r}{opens}", "pass"),
        "nats_bench: the same": (f"import nats_bench; nats_bench.create({str(archive)!r}, {space!r}{opens}", "pass"),
        "natsbin: create() again": (
            f"natsbin.create({str(store)!r}, {space!r}{opens}",
            f"import natsbin; natsbin.create({str(store)!r}, {space!r}{opens}",
        ),
    }
    rounds = [{name: _statement_seconds(*run) for name, run in runs_of.items()} for _ in range(runs)]
    taken = {name: statistics.median(one[name] for one in rounds) for name in runs_of}
    ours, theirs = taken["natsbin: import and create()"], taken["nats_bench: the same"]
    return [
        *(Figure(name, took * 1e3, "ms") for name, took in taken.items()),
        Figure("natsbin in terms of nats_bench", ours / theirs, "×", 1),
    ]


def _statement_seconds(statement: str, setup: str) -> float:
    """CPU seconds of a statement in an interpreter that has imported nothing but what ``setup`` imports."""
    program = "import sys, time; exec(sys.argv[2]); start = time.process_time(); exec(sys.argv[1]); "
    command = [sys.executable, "-c", program + "print(time.process_time() - start)", statement, setup]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1])


# -- convert ------------------------------------------------------------------------------------------------


@figures_command
@archive_argument
@click.option(
    "--benchmark",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A benchmark file of the same space, to compare its speed with the folder's.",
)
@click.option("--rounds", default=3, show_default=True, help="All are timed in turns; the best of each counts.")
@jobs_option
def converting(archive: Path, benchmark: Path | None, rounds: int, jobs: int) -> list[Figure]:
    """Converting ARCHIVE, a folder: time, peak memory, and the time of each step in a single process."""
    files = len(list(archive.glob("[0-9]*.pickle.pbz2")))
    works: list[tuple[str, Callable[..., _Run], Path]] = [
        ("reading: bz2 and stdlib unpickling", _read_all, archive),
        ("converting", _convert, archive),
    ]
    if benchmark is not None:
        works.append(("converting the benchmark file", _convert, benchmark))
    rounds_of = [[fresh(work, path, jobs) for _, work, path in works] for _ in range(rounds)]
    runs = [list(of_work) for of_work in zip(*rounds_of, strict=True)]
    taken, cpu = ([min(getattr(run, name) / run.archs for run in of) for of in runs] for name in ("taken", "cpu"))
    counts = [of[0].archs for of in runs]
    main, worker, together = _memory(archive, jobs)
    figures = [
        figure
        for place, (title, _, _) in enumerate(works)
        for figure in (
            Figure(title, taken[place] * 1e3, "ms", note=f"an architecture of {counts[place]:,}, {jobs} processes"),
            Figure(f"{title}, CPU time", cpu[place] * 1e3, "ms", note="of all processes"),
        )
    ]
    for name, of in (("", taken), (", CPU time", cpu)):
        figures.append(Figure(f"converting in terms of reading{name}", of[1] / of[0], "×", 0.95))
        if benchmark is not None:
            figures.append(
                Figure(f"benchmark file: speed beside the folder's{name}", of[1] / of[2], "×", 0.6, least=True)
            )
    if benchmark is not None:
        together_of_file = _memory(benchmark, jobs)[2]
        figures.append(Figure("benchmark file: all processes, peak of the sum", together_of_file, "MB", 500))
    most = 1000 if files >= WHOLE else 500
    return [
        *figures,
        Figure("main process, peak", main, "MB", 500),
        Figure("largest worker, peak", worker, "MB", 500),
        Figure("all processes, peak of the sum", together, "MB", most, note="shared pages once"),
        *(
            Figure(f"an architecture, one process: {name}", spent * 1e3, "ms", note=f"CPU time, of {min(files, FEW):,}")
            for name, spent in fresh(_steps, archive).items()
        ),
    ]


class _Run(NamedTuple):
    """Reading or converting an archive."""

    archs: int
    taken: float  # seconds
    cpu: float  # seconds of this process and its workers
    process: int  # its number


def _memory(archive: Path, jobs: int) -> tuple[float, float, float]:
    """Peaks of a conversion in MB: of its main process, its largest worker, and all together.

    Not while it is timed, and from another process: where there is a thread beside it, a conversion forks no workers.
    """
    with watched(own=False) as peaks:
        run = fresh(_convert, archive, jobs)
    together, main = peaks.pop("together"), peaks.pop(run.process)
    return main / MB, max(peaks.values(), default=0) / MB, together / MB


def _cpu() -> float:
    """CPU seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


FEW = 1_500  # architectures whose steps are measured one by one


class _Unpickler(pickle.Unpickler):
    """The standard library's, admitting what archives contain and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        numpy = {"numpy", "numpy.core.multiarray", "numpy._core.multiarray"}
        if (module, name) == ("collections", "OrderedDict") or (module in numpy and name in {"dtype", "scalar"}):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is not admitted")


def _read(path: Path) -> None:
    _Unpickler(io.BytesIO(bz2.decompress(path.read_bytes()))).load()


def _read_all(archive: Path, jobs: int) -> _Run:
    """Decompressing and unpickling all files; numpy is there before the workers fork, as in natsbin."""
    files, before = sorted(archive.glob("[0-9]*.pickle.pbz2")), _cpu()
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
        taken = seconds(lambda: list(pool.map(_read, files, chunksize=16)))
    return _Run(len(files), taken, _cpu() - before, os.getpid())


def _convert(archive: Path, jobs: int) -> _Run:
    import h5py

    from natsbin.roads.convert import convert

    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder, "store.h5")
        before = _cpu()
        taken = seconds(lambda: convert(archive, store, jobs=jobs))
        cpu = _cpu() - before
        with h5py.File(store) as file:
            archs = len(file["architecture"])
    return _Run(archs, taken, cpu, os.getpid())


def _steps(archive: Path) -> dict[str, float]:
    """CPU seconds an architecture of each step of reading and of converting the first few, in this one process."""
    from natsbin.archive import open_archive
    from natsbin.roads.convert import TOGETHER, _Taker
    from natsbin.store.writer import StoreWriter

    opened = open_archive(archive, weights=True)
    assert opened.indexes is not None
    steps = ("bz2", "unpickling, stdlib only", "pickles to rows, natsbin", "rows to columns", "writing columns")
    spent = dict.fromkeys(steps, 0.0)

    @contextmanager
    def step(name: str) -> Iterator[None]:
        start = process_time()
        yield
        spent[name] += process_time() - start

    taker = _Taker(False)
    with (
        tempfile.TemporaryDirectory() as folder,
        StoreWriter(Path(folder, "store.h5"), opened.space, opened.meta_archs) as writer,
    ):
        indexes = opened.indexes[:FEW]
        for number, (index, task) in enumerate(zip(indexes, opened.tasks(), strict=False), 1):
            packed = Path(archive, f"{index:06d}.pickle.pbz2").read_bytes()
            with step("bz2"):
                plain = bz2.decompress(packed)
            with step("unpickling, stdlib only"):
                _Unpickler(io.BytesIO(plain)).load()
            with step("pickles to rows, natsbin"):
                for _ in taker.take(task):
                    pass
            if number % TOGETHER == 0 or number == len(indexes):
                with step("rows to columns"):
                    split = taker.splitter.take()
                with step("writing columns"):
                    writer.add(split)
        with step("writing columns"):
            writer.write(source=opened.path.name, digest="")
    spent["pickles to rows, natsbin"] -= spent["bz2"]  # a task reads from the file
    return {name: taken / len(indexes) for name, taken in spent.items()}


# -- stream -------------------------------------------------------------------------------------------------


@figures_command
@click.argument("small", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("large", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@jobs_option
def streaming(small: Path, large: Path, folder: Path, jobs: int) -> list[Figure]:
    """Converting the benchmark files SMALL and LARGE, and FOLDER, an archive of the same space."""
    figures, measured = [], []
    for title, archive in (("small file", small), ("large file", large), ("folder", folder)):
        with watched(own=False) as peaks:
            run = fresh(_convert, archive, jobs)
        measured.append((run.archs, run.taken, peaks["together"]))
        note = f"{run.archs:,} architectures in {run.taken:.1f} s"
        figures.append(Figure(f"{title}: peak, all processes", peaks["together"] / MB, "MB", note=note))
    (few, _, least), (many, streamed, most), (folded, folding, _) = measured
    slope = max(0.0, (most - least) / (many - few))
    return [
        *figures,
        Figure("large less small", (most - least) / MB, "MB", 150, note="flat"),
        Figure(f"peak at {WHOLE:,}", (most + slope * (WHOLE - many)) / MB, "MB", 1000, note="extrapolated"),
        Figure("speed beside the folder's", (many / streamed) / (folded / folding), "×", 0.6, least=True),
    ]


# -- memory -------------------------------------------------------------------------------------------------

DATA_LIMIT = 256 << 20
AT_ONCE = 1000  # questions drawn at a time, so that they are not what takes memory


@figures_command
@store_argument
@click.option("--points", default=100_000, show_default=True)
def remembering(store: Path, points: int) -> list[Figure]:
    """Memory of opening STORE and asking it random points."""
    store = store.resolve()
    before, added, highest = fresh(_added, store, points, None)
    _, limited, _ = fresh(_added, store, points, DATA_LIMIT)
    rss, pss = fresh(_shared, store, points)
    asked = f"{points:,} random points"
    return [
        Figure("numpy and h5py loaded: private", before / MB, "MB"),
        Figure("a store and its answers add", added / MB, "MB", 40, note=asked),
        Figure(f"the same under --data={DATA_LIMIT}", limited / MB, "MB", 40, note="done within the limit"),
        Figure("peak of the process", highest / MB, "MB", note="pages of the mapped file included"),
        Figure("two processes: the store's pages, each", rss / MB, "MB"),
        Figure("the part that each has alone", pss / rss, "", 0.6, note="0.5 where all are shared"),
    ]


def _ask(store: Path, points: int) -> Any:
    """Open a store, ask it points of random architectures and epochs, and return the open API."""
    import h5py
    import numpy as np

    import natsbin

    space = space_of(store)
    with h5py.File(store) as file:
        archs, hp = file["architecture"][()], HPS[space]
        epochs = len(file[f"{hp}/{DATASET}/epoch"])
    random = np.random.default_rng(0)
    api = natsbin.create(store, space, verbose=False)
    for _ in range(points // AT_ONCE):
        asked, at = random.choice(archs, AT_ONCE).tolist(), random.integers(epochs, size=AT_ONCE).tolist()
        for arch, epoch in zip(asked, at, strict=True):
            api.get_more_info(arch, DATASET, iepoch=epoch, hp=hp, is_random=False)
    return api


def _added(store: Path, points: int, limit: int | None) -> tuple[int, int, int]:
    """Private memory with numpy and h5py loaded, what a store adds, and the peak."""
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    before = private()
    api = _ask(store, points)
    gc.collect()
    added = private() - before
    del api
    return before, added, peak()


def _shared(store: Path, points: int) -> tuple[int, int]:
    """Resident and proportional size of a store's maps in one of two processes that use it."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(2, mp_context=context) as pool:
        barrier = manager.Barrier(2)
        found = list(pool.map(functools.partial(_share, store, points), [barrier, barrier]))
    return max(rss for rss, _ in found), max(pss for _, pss in found)


def _share(store: Path, points: int, barrier: Any) -> tuple[int, int]:
    api = _ask(store, points)
    barrier.wait()  # both have touched their pages
    found = mapped(store)
    barrier.wait()  # both have looked
    del api
    return found


# -- batch --------------------------------------------------------------------------------------------------


@figures_command
@store_argument
@click.option("--values", default=1_000_000, show_default=True)
@click.option("--rounds", default=20, show_default=True, help="Of one thread and two threads in turns.")
@budget_option
def batches(store: Path, values: int, rounds: int, budget: float) -> list[Figure]:
    """Batches of questions to STORE, a whole space, warm."""
    took = fresh(_batches, store, values, rounds, budget)
    many = f"{values:,}"
    numpy, by_arch, points, simulate = (took[name] for name in ("numpy", "numpy, by arch", "points", "simulate"))
    return [
        Figure("numpy: array[epoch, archs, seeds]", numpy * 1e9, "ns", note=f"{many} values of float64"),
        Figure("numpy: array[archs, seeds, epoch]", by_arch * 1e9, "ns", note="the layout of other packages"),
        Figure("natsbin: the same, from the file", points * 1e9, "ns"),
        Figure("in terms of array[epoch, archs, seeds]", points / numpy, "×", 1),
        Figure("in terms of array[archs, seeds, epoch]", points / by_arch, "×", 1),
        Figure("simulate_train_eval: a pair", simulate * 1e9, "ns", 60, note=f"{many} pairs"),
        Figure("find_best, whole space", took["best"] * 1e3, "ms", 1),
        Figure("Pareto front of three metrics", took["pareto"] * 1e3, "ms", 10),
        Figure("two threads beside one: points", points / took["points, two"], "×", 1.8, least=True),
        Figure("two threads beside one: simulation", simulate / took["simulate, two"], "×", 1.8, least=True),
        Figure(
            "two threads beside one: numpy", by_arch / took["numpy, by arch, two"], "×", note="what the machine gives"
        ),
    ]


def _batches(store: Path, values: int, rounds: int, budget: float) -> dict[str, float]:
    """Seconds a value or a pair, and of one search."""
    import h5py
    import numpy as np

    from natsbin.batch import Batch
    from natsbin.store import open_store

    hp = HPS[space_of(store)]
    with h5py.File(store) as file:
        group = file[f"{hp}/{DATASET}"]
        trials = np.stack([group["architecture"][()], group["seed"][()]]).astype(np.int64)
        epochs = len(group["epoch"])
    random = np.random.default_rng(0)
    archs, seeds = trials[:, random.integers(trials.shape[1], size=values)]
    at = random.integers(epochs, size=values)
    batch = Batch(open_store(store))
    every, place = np.unique(trials[1], return_inverse=True)
    by_epoch = np.full((epochs, int(trials[0].max()) + 1, len(every)), np.nan)
    for epoch in range(epochs):
        by_epoch[epoch, trials[0], place] = batch.points(
            trials[0], DATASET, "x-valid", iepoch=epoch, hp=hp, is_random=trials[1]
        )
    by_arch = np.ascontiguousarray(by_epoch.transpose(1, 2, 0))
    columns, last = np.searchsorted(every, seeds), epochs - 1
    metrics = ("accuracy", "params", "latency")

    def points() -> Any:
        return batch.points(archs, DATASET, "x-valid", hp=hp, is_random=seeds)

    def simulate() -> Any:
        return batch.simulate_train_eval(archs, SEARCHED, iepoch=at, hp=hp, rng=np.random.default_rng(0))

    def by_architecture() -> Any:
        return by_arch[archs, columns, last]

    assert np.array_equal(points(), by_epoch[last, archs, columns], equal_nan=True)
    found = {"numpy": best(lambda: by_epoch[last, archs, columns], budget)}
    with ThreadPoolExecutor(2) as pool:
        for name, work in {"numpy, by arch": by_architecture, "points": points, "simulate": simulate}.items():
            found[name], found[f"{name}, two"] = _by_one_and_by_two(work, pool, rounds)
    return {
        **{name: taken / values for name, taken in found.items()},
        "best": best(lambda: batch.find_best(SEARCHED, "valid", hp=hp), budget),
        "pareto": best(lambda: batch.pareto_front(metrics, SEARCHED, hp=hp), budget),
    }


def _by_one_and_by_two(work: Callable[[], Any], pool: ThreadPoolExecutor, rounds: int) -> tuple[float, float]:
    """Seconds a work, done twice by one thread, and by two threads at a time: in turns, the best of each."""

    def two() -> None:
        for done in [pool.submit(work), pool.submit(work)]:
            done.result()

    two()
    taken = [(seconds(lambda: (work(), work())), seconds(two)) for _ in range(rounds)]
    return min(one for one, _ in taken) / 2, min(both for _, both in taken) / 2
