"""What to say where an optional library is not installed."""

from __future__ import annotations


def missing(module: str, needs: str, extra: str) -> ImportError:
    """The error of a module that needs libraries of an extra: it says what to install."""
    return ImportError(f"{module} needs {needs}: pip install 'natsbin[{extra}]'")
