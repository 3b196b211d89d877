"""Names of files, and what makes each of them."""

from __future__ import annotations

from collections.abc import Callable

Resources = dict[str, Callable[[], bytes]]
