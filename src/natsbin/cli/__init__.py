"""The command ``natsbin``: one file a subcommand, each calling the public API."""

from __future__ import annotations

import io
import signal
import sys

import click

from natsbin._util.signals import stoppable
from natsbin._version import __version__
from natsbin.errors import NatsbinError


class _Commands(click.Group):
    """Subcommands, imported when they are called; a NatsbinError becomes a line on stderr and exit code 1."""

    names = (
        *("attach", "convert", "demo", "explore", "export", "info", "pack", "plot", "query", "run"),
        *("sweep", "table", "unpack", "verify"),
    )

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.names:
            return None
        from importlib import import_module

        module = import_module(f"natsbin.cli.{'pack' if cmd_name == 'unpack' else cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="surrogateescape")  # names of files are printed as they are
        try:
            with stoppable():
                return super().invoke(ctx)
        except NatsbinError as error:
            raise click.ClickException(str(error)) from error
        except KeyboardInterrupt:  # which click makes an exit code of 1
            raise SystemExit(128 + signal.SIGINT) from None


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="natsbin")
def main() -> None:
    """NATS-Bench as one compact HDF5 file, and a drop-in for nats_bench.

    Exit codes: 0 done, 1 failed (the reason is on stderr), 2 a wrong command line, 128 + n stopped by signal n.
    """
