"""Types of the strict unpickler; cext/natsbin/_pickle.pyx documents each name."""

from typing import Any, final

def first_misfit(column: dict[Any, Any], keys: frozenset[Any], kinds: frozenset[type]) -> tuple[Any, Any] | None: ...

PERSISTENT: tuple[str, str]

@final
class Unpickler:
    @property
    def source(self) -> str: ...
    @property
    def finished(self) -> bool: ...
    @property
    def value(self) -> Any: ...
    @property
    def rest(self) -> bytes: ...
    @property
    def head(self) -> dict[Any, Any] | None: ...
    def __new__(
        cls,
        source: str,
        limit: int,
        streaming: bool = False,
        admit: dict[tuple[str, str], Any] | None = None,
        followed: bool = False,
    ) -> Unpickler: ...
    def feed(self, data: bytes, last: bool = False) -> list[tuple[int, dict[str, Any]]]: ...
