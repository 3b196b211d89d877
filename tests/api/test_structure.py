"""``TopologyStructure`` and the cell functions: the same as the original's, and ``gen_all``, which works here."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats_bench import NATStopology as TheirTopology
from nats_bench.genotype_utils import TopologyStructure as TheirStructure
from nats_bench.genotype_utils import topology_str2structure as their_str2structure
from support import oracle

from natsbin import NATStopology, TopologyStructure, topology_str2structure
from natsbin.spaces import TSS

OPERATIONS = ("none", "skip_connect", "nor_conv_3x3", "zero", "x")
edge = st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 3))
cells = st.lists(st.lists(edge, max_size=4), min_size=1, max_size=4).map(
    lambda nodes: "+".join("|" + "|".join(f"{op}~{source}" for op, source in node) + "|" for node in nodes)
)
ODD = ("", "|", "x", "|a~0", "a~0", "||", "|none|", "|none~x|", "|a~0~1|", "+", "|a~0|+", " |a~0| ", None, 5, [], ())


THEIRS, OURS = (
    (TheirStructure, their_str2structure, TheirTopology),
    (TopologyStructure, topology_str2structure, NATStopology),
)


def agree(question: Callable[..., Any]) -> None:
    oracle.agree(lambda three: question(*three), THEIRS, OURS)


def everything(text: Any) -> None:
    agree(lambda cls, parse, _: parse(text))
    agree(lambda cls, parse, _: parse(parse(text)).tostr())
    agree(lambda cls, parse, _: cls.str2structure(text))
    agree(lambda cls, parse, _: [cls.str2fullstructure(text), cls.str2fullstructure(text, "pool")])
    agree(lambda cls, parse, _: [parse(text).tolist(one) for one in (*OPERATIONS, None)])
    agree(lambda cls, parse, _: [parse(text).to_unique_str(one) for one in (True, False, None)])
    agree(lambda cls, parse, _: [parse(text).check_valid(), len(parse(text)), repr(parse(text)), parse(text).node_N])
    agree(lambda cls, parse, _: [parse(text).check_valid_op(OPERATIONS[:n]) for n in range(6)])
    for index in range(-1, 6):
        agree(lambda cls, parse, _, i=index: parse(text).node(i))
        agree(lambda cls, parse, _, i=index: parse(text)[i])
    agree(lambda cls, parse, api: api.str2lists(text))
    agree(lambda cls, parse, api: api.str2matrix(text))
    agree(lambda cls, parse, api: api.str2matrix(text, list(OPERATIONS)))
    agree(lambda cls, parse, _: cls(text))


@given(cells)
def test_cells_written_at_random(text: str) -> None:
    everything(text)


@pytest.mark.parametrize("text", ODD, ids=repr)
def test_what_is_no_cell(text: Any) -> None:
    everything(text)


def test_cells_of_the_space() -> None:
    for text in random.Random(4).sample(TSS.architectures, 60):
        everything(text)


@pytest.mark.parametrize(
    "genotype", [[(("a", 0),)], [[("a", 0)]], ((("a", 0),),), [("a", 0)], [(("a", 1),)], [(("a", 0, 1),)], [()], 3]
)
def test_cells_from_lists(genotype: Any) -> None:
    agree(lambda cls, parse, _: [cls(genotype).nodes, cls(genotype).tostr(), cls(genotype).node_num])


def test_gen_all_gives_the_space_in_lexical_order() -> None:
    cells = TopologyStructure.gen_all(["none", "skip_connect"], 3, False)
    assert [cell.tostr() for cell in cells[:3]] == [
        "|none~0|+|none~0|none~1|",
        "|none~0|+|none~0|skip_connect~1|",
        "|none~0|+|skip_connect~0|none~1|",
    ]
    assert len(cells) == 8
    assert TopologyStructure.gen_all(["none", "skip_connect"], 3, True)[1] == [
        (("none", 0),),
        (("none", 0), ("skip_connect", 1)),
    ]
    with pytest.raises(AssertionError, match="two nodes"):
        TopologyStructure.gen_all(["none"], 1, False)


def test_gen_all_is_the_topology_space() -> None:
    operations = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
    every = [cell.tostr() for cell in TopologyStructure.gen_all(operations, 4, False)]
    assert sorted(every) == sorted(TSS.architectures)
    assert every[TSS.rank_of_index[0]] == TSS.architectures[0]


def test_there_are_6466_functions_in_the_topology_space() -> None:
    cells = map(topology_str2structure, TSS.architectures)
    assert len({cell.to_unique_str(consider_zero=True) for cell in cells}) == 6466
