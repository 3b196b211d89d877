"""Convert generated NAS-Bench-201 files of two sizes: CPU time beside ``torch.load``, and the peak memory of all.

Each run is a new process; runs take turns, and the least counts. Needs torch. A few architectures are generated and
then repeated under other indexes, as generating takes longer than everything that is measured.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import tempfile
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

import click

from natsbin.spaces import TSS
from natsbin.synthetic.nas_bench_201 import CONTAINERS, make_infos


def repeated(generated: list[dict[str, Any]], count: int) -> dict[str, Any]:
    """The dict of a file with ``count`` architectures."""
    pickled = [pickle.dumps(one) for one in generated]
    infos = OrderedDict()
    for index in range(count):
        one = pickle.loads(pickled[index % len(pickled)])  # as in the published file, where nothing is shared
        for state in one.values():
            state["arch_index"], state["arch_str"] = index, TSS.architectures[index]
            for trial in state["all_results"].values():
                trial["arch_config"]["arch_str"] = state["arch_str"]
        infos[index] = one
    return {"meta_archs": TSS.architectures, "arch2infos": infos, "evaluated_indexes": list(range(count))}


def child(what: str, path: str) -> None:
    """Do it in this process, and print what it took."""
    if what == "load":
        import torch
    else:
        import natsbin.roads.convert
        import natsbin.store.writer
    before, start = time.process_time(), time.perf_counter()
    if what == "load":
        torch.load(path, weights_only=False)
    else:
        natsbin.roads.convert.convert(path, f"{path}.h5", force=True, jobs=1)
    found = {"cpu": time.process_time() - before, "wall": time.perf_counter() - start}
    status = Path("/proc/self/status").read_text()  # getrusage would count what the parent had before the exec
    (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    print(json.dumps({**found, "mb": int(peak) / 1024}))


def run(what: str, path: Path) -> dict[str, float]:
    done = subprocess.run([sys.executable, __file__, what, str(path)], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


@click.command()
@click.option("--sizes", type=(click.IntRange(min=1), click.IntRange(min=2)), default=(150, 450), show_default=True)
@click.option("--generate", type=click.IntRange(min=1), default=30, show_default=True, help="How many are different.")
@click.option("--container", type=click.Choice(CONTAINERS), default="legacy", show_default=True)
@click.option("--repeat", type=click.IntRange(min=1), default=3, show_default=True)
def main(sizes: tuple[int, int], generate: int, container: str, repeat: int) -> None:
    """Print CPU seconds, their ratio, and peak memory, extrapolated to the whole space."""
    import torch

    generated = [make_infos(index) for index in range(min(generate, sizes[1]))]
    memory: dict[str, list[float]] = {"load": [], "convert": []}
    cpu: dict[str, list[float]] = {"load": [], "convert": []}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            path = Path(folder) / f"{size}.pth"
            torch.save(repeated(generated, size), path, _use_new_zipfile_serialization=container == "zip")
            least: dict[str, dict[str, float]] = {}
            for _ in range(repeat):
                for what in memory:
                    found = run(what, path)
                    if what not in least or found["cpu"] < least[what]["cpu"]:
                        least[what] = found
            for what, found in least.items():
                memory[what].append(found["mb"])
                cpu[what].append(found["cpu"])
                click.echo(f"{size:6,} {what:8} {found['cpu']:7.2f} s CPU {found['wall']:7.2f} s {found['mb']:8.1f} MB")
            click.echo(f"{size:6,} ratio    {least['convert']['cpu'] / least['load']['cpu']:7.2f}")
    more = {what: second - first for what, (first, second) in cpu.items()}
    click.echo(f"an architecture more takes {more['convert'] / more['load']:.2f} times the CPU time of torch.load")
    for what, (first, second) in memory.items():
        whole = second + (second - first) / (sizes[1] - sizes[0]) * (len(TSS) - sizes[1])
        click.echo(f"{what:8} {whole:,.0f} MB for {len(TSS):,} architectures, extrapolated")


if __name__ == "__main__":
    if sys.argv[1:2] in (["load"], ["convert"]):
        child(*sys.argv[1:])
    else:
        main()
