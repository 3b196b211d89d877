"""Generated archives in the published schema, for tests, demonstrations and benchmarks."""

from natsbin.synthetic.finals import Finals, load_finals
from natsbin.synthetic.states import make_states
from natsbin.synthetic.writer import KINDS, make_archive

__all__ = ["KINDS", "Finals", "load_finals", "make_archive", "make_states"]
