"""Signed tokens: the published sets, and what the library would let through."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import JWKRegistry

from privexbot_app.kit.jose import ASYMMETRIC, BadTokenError, read_signed

ANY_ALGORITHM = (*ASYMMETRIC, "HS256", "HS384", "HS512")
KEY = {"kty": "oct", "k": base64.urlsafe_b64encode(b"k" * 32).decode().rstrip("="), "kid": "a"}


def test_keys_are_judged_as_the_published_set_says(data: Path):
    groups = json.loads((data / "jose/wycheproof_jwk/json_web_key_test.json").read_text())["testGroups"]
    wrong = []
    for group in groups:
        keys = group.get("public") or group["private"]
        for case in group["tests"]:
            try:
                read_signed(case["jws"], keys, algorithms=ANY_ALGORITHM)
                accepted = True
            except BadTokenError:
                accepted = False
            if accepted != (case["result"] == "valid"):
                wrong.append((case["tcId"], group["comment"]))
    assert wrong == []


def cookbook(data: Path, folder: str) -> list[Any]:
    return [json.loads(path.read_text()) for path in sorted((data / "jose/rfc7520_cookbook").glob(f"{folder}/*.json"))]


def test_signatures_of_the_cookbook_are_accepted_and_changed_ones_are_not(data: Path):
    accepted = 0
    for example in [*cookbook(data, "jws"), *cookbook(data, "curve25519")]:
        token = example.get("output", {}).get("compact")
        if not token or "payload" not in example["input"] or ".." in token or "signing" not in example:
            continue
        keys = {"keys": [example["input"]["key"]]}
        payload = read_signed(token, keys, algorithms=ANY_ALGORITHM)
        assert payload.decode() == example["input"]["payload"]
        accepted += 1
        head, body, signature = token.split(".")
        swapped = ("A" if signature[5] != "A" else "B").join((signature[:5], signature[6:]))
        for changed in (f"{head}.{body}.{swapped}", f"{head}.{body}A.{signature}", f"{head}.{body}."):
            with pytest.raises(BadTokenError):
                read_signed(changed, keys, algorithms=ANY_ALGORITHM)
        others = tuple(name for name in ANY_ALGORITHM if name != example["input"]["alg"])
        with pytest.raises(BadTokenError):
            read_signed(token, keys, algorithms=others)
    assert accepted >= 5


def test_encrypted_examples_of_the_cookbook_open_with_the_library_that_is_used(data: Path):
    opened = 0
    for example in cookbook(data, "jwe"):
        token, key = example["output"].get("compact"), example["input"].get("key")
        if token and key:
            registry = jwe.JWERegistry(algorithms=[example["input"]["alg"], example["input"]["enc"], "DEF"])
            found = jwe.decrypt_compact(token, JWKRegistry.import_key(key), registry=registry)
            assert found.plaintext.decode() == example["input"]["plaintext"]
            opened += 1
    assert opened >= 5


def test_no_signature_is_no_signature():
    body = base64.urlsafe_b64encode(b"{}").decode().rstrip("=")
    for algorithm in ("none", "None", "NONE", ""):
        head = base64.urlsafe_b64encode(json.dumps({"alg": algorithm}).encode()).decode().rstrip("=")
        for algorithms in (ANY_ALGORITHM, (algorithm,)):
            with pytest.raises(BadTokenError):
                read_signed(f"{head}.{body}.", {"keys": [KEY]}, algorithms=algorithms)


@given(st.text(max_size=200), st.one_of(st.none(), st.lists(st.dictionaries(st.text(max_size=4), st.text(max_size=9)))))
def test_garbage_is_refused_as_garbage(token: str, keys: Any):
    for given_keys in ({"keys": [KEY]}, {"keys": keys}):
        with pytest.raises(BadTokenError):
            read_signed(token, given_keys, algorithms=ANY_ALGORITHM)
