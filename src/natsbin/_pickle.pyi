from typing import Any

class Unpickler:
    """Unpickles one pickle, fed in pieces, admitting only what archives contain."""

    source: str
    finished: bool
    value: Any
    def __init__(self, source: str, limit: int, streaming: bool = False) -> None: ...
    @property
    def head(self) -> dict[Any, Any] | None: ...
    def feed(self, data: bytes, last: bool = False) -> list[tuple[int, dict[str, Any]]]: ...
