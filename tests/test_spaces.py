"""Architecture strings to digits and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsbin.errors import ArchitectureError
from natsbin.spaces import SPACES, SSS, TSS, SearchSpace


@pytest.mark.parametrize("space", [TSS, SSS], ids=lambda space: space.name)
def test_parse_inverts_string_on_the_whole_space(space: SearchSpace) -> None:
    for rank, string in zip(space.rank_of_index, space.architectures, strict=True):
        assert space.parse(string) == space.digits_of_rank(rank)


GOOD = {"tss": TSS.architectures[0], "sss": SSS.architectures[0]}


@pytest.mark.parametrize("space", [TSS, SSS], ids=lambda space: space.name)
@pytest.mark.parametrize("cut", ["", " ", "8:8:8:8", "8:8:8:8:8:8", "8:8:8:8:9", "08:8:8:8:8", "none"])
def test_what_is_no_architecture_is_refused_in_words(space: SearchSpace, cut: str) -> None:
    with pytest.raises(ArchitectureError, match=space.title) as caught:
        space.parse(cut)
    assert repr(cut) in str(caught.value)
    assert "expected" in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_the_other_space_is_refused() -> None:
    for name, other in (("tss", "sss"), ("sss", "tss")):
        with pytest.raises(ArchitectureError):
            SPACES[name].parse(GOOD[other])


@given(st.sampled_from(["tss", "sss"]), st.data())
def test_one_changed_character_is_refused_or_parsed_exactly(name: str, data: st.DataObject) -> None:
    space = SPACES[name]
    place = data.draw(st.integers(0, len(GOOD[name]) - 1))
    string = GOOD[name][:place] + data.draw(st.text("0123|~+:8 n", max_size=2)) + GOOD[name][place + 1 :]
    try:
        digits = space.parse(string)
    except ArchitectureError:
        return
    assert space.string(digits) == string


def test_the_official_order_is_known_without_making_it(space: SearchSpace) -> None:
    archs = space.architectures
    assert space.is_official(archs)
    others = (archs[1:], [archs[1], archs[0], *archs[2:]], [f"{archs[0]}\n{archs[1]}", *archs[2:]], [*archs[:-1], None])
    assert not any(map(space.is_official, others))
