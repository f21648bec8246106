"""Ids: time-ordered, version 7, and they tell when they were made."""

from datetime import timedelta

from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.ids import moment_of, new_id, new_token
from privexbot_app.kit.scope import Actor, ActorKind, Scope


def test_ids_are_of_version_7_and_differ():
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert {(id.version, id.variant) for id in ids} == {(7, "specified in RFC 4122")}


def test_an_id_tells_when_it_was_made():
    before, id, after = utc_now(), new_id(), utc_now()
    assert before - timedelta(milliseconds=1) <= moment_of(id) <= after


def test_tokens_say_what_they_are_and_differ():
    assert new_token("pbr").startswith("pbr_")
    assert len({new_token("x") for _ in range(100)}) == 100
    assert len(new_token("x")) >= 43


def test_every_name_that_is_derived_from_a_scope_holds_its_workspace():
    actor = Actor(ActorKind.JOB, "test")
    ours, theirs = Scope(new_id(), new_id(), actor), Scope(new_id(), new_id(), actor)
    id = new_id()
    for make in (
        lambda scope: scope.key("draft", id),
        lambda scope: scope.storage_path("sources", id),
        lambda scope: scope.namespace("kb", id),
    ):
        assert make(ours) == make(ours) != make(theirs)
