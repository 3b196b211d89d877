"""Types of the native walker; cext/natsbin/_walk.pyx documents each."""

from typing import Any, final

from natsbin._record import WalkedRecord

@final
class Walker:
    gave_up: bool
    finished: bool
    has_record: bool
    index: int
    offset: int
    record: WalkedRecord
    @property
    def rest(self) -> bytes: ...
    def __new__(cls, limit: int, streaming: bool = False) -> Walker: ...
    def read(self, data: bytes) -> bool: ...
    def feed(self, data: bytes) -> bool: ...
    def build(self) -> Any: ...
