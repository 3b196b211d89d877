from collections.abc import Callable
from typing import Any

def first_misfit(column: dict[Any, Any], keys: frozenset[Any], kinds: frozenset[type]) -> tuple[Any, Any] | None: ...

class Unpickler:
    """Unpickles one pickle, fed in pieces, admitting only what archives contain."""

    source: str
    finished: bool
    value: Any
    head: dict[Any, Any] | None
    def __init__(
        self,
        source: str,
        limit: int,
        streaming: bool = False,
        admit: dict[tuple[str, str], Callable[..., object]] | None = None,
    ) -> None: ...
    def feed(self, data: bytes, last: bool = False) -> list[tuple[int, dict[str, Any]]]: ...
