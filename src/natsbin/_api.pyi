"""Types of the methods of the compatible API that searches call; cext/natsbin/_api.pyx documents each name."""

from typing import Any, final

from typing_extensions import disjoint_base

from natsbin._scalar import ScalarAnswers

NOT_MADE: Any

@final
class Clock:
    _used_time: Any

@disjoint_base
class NativeFirst:
    verbose: Any
    _native: ScalarAnswers | None
    @property
    def _clock(self) -> Clock: ...
    @property
    def _used_time(self) -> Any: ...
    @_used_time.setter
    def _used_time(self, seconds: Any) -> None: ...
    def _arrives(self, index: Any) -> bool: ...
    def query_index_by_arch(self, arch: Any) -> Any: ...
    def get_more_info(
        self,
        index: Any,
        dataset: str,
        iepoch: int | None = None,
        hp: str | int = "12",
        is_random: bool | int = True,
    ) -> dict[str, Any]: ...
    def get_cost_info(self, index: Any, dataset: str, hp: str | int = "12") -> dict[str, Any]: ...
    def simulate_train_eval(
        self,
        arch: Any,
        dataset: str,
        iepoch: int | None = None,
        hp: str | int = "12",
        account_time: bool = True,
    ) -> tuple[Any, Any, Any, Any]: ...
