"""What is in a contact's fields: an address, a name, words to search. Pure."""

import re
from collections.abc import Mapping
from datetime import date

from privexbot_app.domains.leads.schemas import CustomField
from privexbot_app.kit.errors import FieldProblem

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
EMAIL_NAMES = ("email", "e-mail", "mail", "email_address")
NAME_NAMES = ("name", "full_name", "fullname", "first_name")
LONGEST_TITLE = 120
YES_NO = frozenset({"yes", "no"})


def email_of(fields: Mapping[str, str]) -> str | None:
    """The address in normal form: the field with its name, else any value that is one.

    >>> email_of({"Name": "Kim", "E-Mail": " Kim@Example.COM "})
    'kim@example.com'
    >>> email_of({"name": "Kim"}) is None
    True
    """
    named = [value for name, value in fields.items() if name.lower() in EMAIL_NAMES]
    for value in [*named, *fields.values()]:
        if ADDRESS.fullmatch(value.strip()) and len(value) <= 254:
            return value.strip().lower()
    return None


def title_of(fields: Mapping[str, str]) -> str:
    """What a list calls the contact: the name, else the address, else whatever there is.

    >>> title_of({"email": "kim@example.com", "name": "Kim"}), title_of({"phone": "+49 40 1"})
    ('Kim', '+49 40 1')
    """
    named = [value for name, value in fields.items() if name.lower() in NAME_NAMES]
    found = [*named, email_of(fields) or "", *fields.values()]
    return next((" ".join(value.split()) for value in found if value.strip()), "")[:LONGEST_TITLE]


def search_text_of(fields: Mapping[str, str]) -> str:
    """Every value, as it is compared with what somebody searches.

    >>> search_text_of({"name": "Ünal", "city": "Izmir"})
    'ünal\\nizmir'
    """
    return "\n".join(value.casefold() for value in fields.values())


def merge(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """What is known after somebody has left details again. What was there stays: who writes it proves nothing.

    >>> merge({"name": "Kim", "phone": ""}, {"name": "Eve", "phone": "123"})
    {'name': 'Kim', 'phone': '123'}
    """
    return {**new, **{name: value for name, value in old.items() if value}}


def check_fields(fields: Mapping[str, str], custom: list[CustomField]) -> list[FieldProblem]:
    """What is wrong with values of fields that the workspace has defined."""
    kinds = {field.name: field for field in custom}
    return [
        FieldProblem(f"fields.{name}", "invalid", f"{kinds[name].label} must be {WORDS[kinds[name].kind]}.")
        for name, value in fields.items()
        if value and name in kinds and not _fits(value, kinds[name].kind)
    ]


WORDS = {"text": "a text", "number": "a number", "date": "a date like 2030-05-20", "yes_no": "yes or no"}


def _fits(value: str, kind: str) -> bool:
    try:
        if kind == "number":
            float(value)
        if kind == "date":
            date.fromisoformat(value)
    except ValueError:
        return False
    return kind != "yes_no" or value in YES_NO
