"""``python -m natsbin`` is the command ``natsbin``."""

from natsbin.cli import main

if __name__ == "__main__":
    main(prog_name="natsbin")
