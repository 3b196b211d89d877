"""A function called in a process of its own, so that nothing that ran before it warms it or counts as its memory."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from typing import Any

import click


def call(target: str, **arguments: Any) -> Any:
    """The JSON value that ``module:function`` of this folder returns in a fresh interpreter.

    What it prints, its traceback too, goes to stderr. Raises ClickException where it fails.
    """
    receive, send = os.pipe()
    command = [sys.executable, __file__, target, json.dumps(arguments), str(send)]
    with subprocess.Popen(command, pass_fds=[send], stdout=sys.stderr) as process:
        os.close(send)
        with open(receive, encoding="utf-8") as answer:
            text = answer.read()
    if process.returncode:
        raise click.ClickException(f"{target} failed with exit code {process.returncode}")
    return json.loads(text)


def _main() -> None:
    target, arguments, descriptor = sys.argv[1:]
    module, _, function = target.partition(":")
    value = getattr(importlib.import_module(module), function)(**json.loads(arguments))
    with open(int(descriptor), "w", encoding="utf-8") as answer:
        json.dump(value, answer)


if __name__ == "__main__":
    _main()
