"""Types of the memo of a pickle, which only the unpickler uses; cext/natsbin/_memo.pyx documents each name."""

from typing import final

@final
class Pool: ...

@final
class Memo: ...
