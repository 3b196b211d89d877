"""``python -m natsbin`` is the command ``natsbin``."""

import signal


def main() -> None:
    """Run the command. An interrupt while it is still being imported also ends it without a traceback."""
    try:
        from natsbin.cli import main as command

        command(prog_name="natsbin")
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None


if __name__ == "__main__":
    main()
