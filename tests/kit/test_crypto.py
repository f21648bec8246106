"""Keys by purpose, and values that open only for whom they were sealed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privexbot_app.kit.crypto import KeyRing, fingerprint, is_same
from privexbot_app.kit.errors import InternalError

KEYS = KeyRing(b"k" * 48)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_sealed_opens_again(plain: str, bound_to: str):
    assert KEYS.open(KEYS.seal(plain, bound_to=bound_to), bound_to=bound_to) == plain


def test_sealing_twice_gives_different_bytes():
    assert KEYS.seal("x", bound_to="y") != KEYS.seal("x", bound_to="y")


@pytest.mark.parametrize("change", ["key", "binding", "first byte", "last byte", "shorter", "empty", "short"])
def test_a_changed_value_or_another_owner_is_refused(change: str):
    sealed, keys, bound_to = KEYS.seal("secret", bound_to="ours"), KEYS, "ours"
    match change:
        case "key":
            keys = KeyRing(b"z" * 48)
        case "binding":
            bound_to = "theirs"
        case "first byte":
            sealed = bytes([sealed[0] ^ 1]) + sealed[1:]
        case "last byte":
            sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
        case "shorter":
            sealed = sealed[:-1]
        case "empty":
            sealed = b""
        case "short":
            sealed = b"1234"
    with pytest.raises(InternalError) as caught:
        keys.open(sealed, bound_to=bound_to)
    assert caught.value.code == "sealed_value_unreadable"


def test_each_purpose_has_its_own_key():
    assert len(KEYS.derive("a")) == 32
    assert KEYS.derive("a") == KEYS.derive("a") != KEYS.derive("b")


def test_fingerprints_and_comparisons():
    assert fingerprint("a") == fingerprint("a") != fingerprint("b")
    assert (is_same("ä", "ä"), is_same("a", "b")) == (True, False)
