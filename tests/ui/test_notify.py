import pytest
from pydantic import ValidationError

from privexbot_app.domains.tenancy.schemas import NewWorkspace
from privexbot_app.kit.errors import ErrorKind, FieldProblem, InvalidError, NotFoundError, UnauthenticatedError
from privexbot_app.ui.ids import id_in_path, parse_id
from privexbot_app.ui.notify import OUR_FAULT, TITLES, by_field, tell


def test_every_kind_of_error_has_a_title():
    assert set(TITLES) == set(ErrorKind)


def test_who_is_signed_out_is_asked_to_sign_in():
    assert "signIn" in str(tell(UnauthenticatedError("Sign in first.")))


def test_our_own_mistakes_are_not_explained_to_visitors():
    shown = str(tell(ZeroDivisionError("secret detail")))
    assert OUR_FAULT in shown
    assert "secret detail" not in shown


def test_fields_get_their_first_problem():
    problems = [FieldProblem("name", "missing", "Give it a name."), FieldProblem("name", "long", "Too long.")]
    assert by_field(InvalidError("No.", problems=problems)) == {"name": "Give it a name."}


@pytest.mark.parametrize("garbage", ["", "x", None, {"a": 1}, "../../etc/passwd"])
def test_garbage_for_an_id_is_not_found(garbage: object):
    with pytest.raises(NotFoundError):
        parse_id(garbage)


def test_an_address_without_an_id_is_not_found():
    with pytest.raises(NotFoundError):
        id_in_path("/chatbots/drafts/")


def test_what_a_person_typed_wrong_is_said_with_its_field():
    with pytest.raises(ValidationError) as caught:
        NewWorkspace(name=" ")
    shown = str(tell(caught.value))
    assert "Name: Value should have at least 1 item" in shown
    assert OUR_FAULT not in shown
