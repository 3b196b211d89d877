"""Types of the memo of a walk, which only the walker uses; cext/natsbin/_walk_memo.pyx documents each name."""

from typing import final

@final
class WalkMemo: ...
