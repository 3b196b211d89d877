"""Types of words and numbers, which only the walker uses; cext/natsbin/_words.pyx documents each name."""

from typing import final

@final
class Words: ...
