"""``natsbin run``: an unedited program, with natsbin as its ``nats_bench`` and ``nas_201_api``."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

import click


@click.command(
    short_help="Run a program with natsbin as its nats_bench and nas_201_api.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option("-m", "as_module", is_flag=True, help="PROGRAM is the name of a module, as in python -m.")
@click.argument("program")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def run(as_module: bool, program: str, args: tuple[str, ...]) -> None:
    """Run PROGRAM, a Python file, with ARGS: wherever it imports nats_bench or nas_201_api it gets natsbin.

    The same holds for the Python processes that it starts, as long as they keep PYTHONPATH.
    """
    from natsbin.compat import alias, shadow

    if not as_module and not os.path.isfile(program):
        raise click.BadParameter(f"no such file: {program}", param_hint="PROGRAM")
    alias.install_as_nats_bench()
    alias.install_as_nas_201_api()
    folder = str(Path(shadow.__file__).parent)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH"))))
    sys.path[0] = os.getcwd() if as_module else os.path.dirname(os.path.abspath(program))
    sys.path.insert(1, folder)  # spawned processes take over this list
    sys.argv = [program, *args]
    try:
        if as_module:
            runpy.run_module(program, run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(program, run_name="__main__")
    except Exception:  # as the interpreter reports it, not as an error of natsbin
        sys.excepthook(*sys.exc_info())
        sys.exit(1)
