"""A request in one text of bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.rehearsal.frames import pack, unpack

HEADS = st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.lists(st.text()), st.none()))


@given(HEADS, st.binary())
def test_what_is_packed_is_unpacked(head: dict[str, object], body: bytes) -> None:
    assert unpack(pack(head, body)) == (head, body)


@pytest.mark.parametrize("text", [b"", b"\n", b"2", b"2\n{", b"-2\n{}", b"x\n{}", b"2\n[]", b"2\n{]", b"0\n"])
def test_what_is_no_frame_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"frame|Expecting"):
        unpack(text)


@given(st.binary())
def test_garbage_is_a_frame_or_refused(text: bytes) -> None:
    try:
        head, _body = unpack(text)
    except ValueError:
        return
    assert isinstance(head, dict)
