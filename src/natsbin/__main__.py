"""``python -m natsbin`` is the command ``natsbin``."""

import signal

from natsbin._util.signals import stoppable


def main() -> None:
    """Run the command. A signal to stop that comes while it is still being imported ends it without a traceback too."""
    try:
        with stoppable():
            from natsbin.cli import main as command

            command(prog_name="natsbin")
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None


if __name__ == "__main__":
    main()
