"""What a visitor may answer to a question, and how it is read. Pure: text in, a typed value or nothing out."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import email_validator
import phonenumbers

Kind = Literal["text", "email", "phone", "number", "choice", "date", "file"]
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%B %d %Y")
DAY_FIRST = ("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%y", "%d/%m/%y")
MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%d.%m.%Y")
DAYS_FROM_TODAY = {"yesterday": -1, "today": 0, "tomorrow": 1}
LONGEST_DATE = 40
LONGEST_NUMBER = 40
LONGEST_PHONE = 60
LONGEST_EMAIL = 400
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")


def read_email(text: str) -> str | None:
    """An address in its usual form, also out of `Name <address>`; whether it exists is not asked.

    >>> read_email(" Ada@EXAMPLE.com "), read_email("a@b@c"), read_email("x@y.example\\nBcc: z@y.example")
    ('Ada@example.com', None, None)
    """
    if len(text) > LONGEST_EMAIL:
        return None
    try:
        found = email_validator.validate_email(text.strip(), check_deliverability=False, allow_display_name=True)
    except email_validator.EmailNotValidError:
        return None
    return found.normalized


def read_phone(text: str, *, region: str = "") -> str | None:
    """A number in international form. region: two letters, for numbers without a country code.

    >>> read_phone("(415) 555-2671", region="US"), read_phone("0151 23456789"), read_phone("+49 151 23456789")
    ('+14155552671', None, '+4915123456789')
    """
    if len(text) > LONGEST_PHONE:
        return None
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def read_number(text: str) -> int | float | None:
    """A number as people write it.

    >>> read_number("1,250.50"), read_number("3,5"), read_number("2 000 "), read_number("ten")
    (1250.5, 3.5, 2000, None)
    """
    written = re.sub(r"[\s\u00a0\u202f']", "", text[: LONGEST_NUMBER + 1])
    if len(written) > LONGEST_NUMBER:
        return None
    if _GROUPED.fullmatch(written):
        written = written.replace(",", "")
    elif written.count(",") == 1:
        written = written.replace(".", "").replace(",", ".")
    if not _NUMBER.fullmatch(written):
        return None
    number = float(written)
    return int(number) if number.is_integer() else number


def read_date(text: str, *, today: date, day_first: bool = True) -> str | None:
    """A day in ISO form. day_first: how 3/4/2026 is meant.

    >>> today = date(2026, 1, 5)
    >>> read_date("3/4/2026", today=today), read_date("Tomorrow", today=today), read_date("31.2.2026", today=today)
    ('2026-04-03', '2026-01-06', None)
    """
    written = " ".join(text.split()).casefold()
    if not written or len(written) > LONGEST_DATE:
        return None
    if written in DAYS_FROM_TODAY:
        return (today + timedelta(days=DAYS_FROM_TODAY[written])).isoformat()
    for form in (*DATE_FORMATS, *(DAY_FIRST if day_first else MONTH_FIRST)):
        try:
            return datetime.strptime(written, form).date().isoformat()
        except ValueError:
            continue
    return None


def read_choice(text: str, options: Sequence[str]) -> str | None:
    """One of the options, by its words or by its number.

    >>> read_choice("red", ["Red", "Blue"]), read_choice("2", ["Red", "Blue"]), read_choice("green", ["Red", "Blue"])
    ('Red', 'Blue', None)
    """
    written = " ".join(text.split()).casefold().rstrip(".!")
    for option in options:
        if " ".join(option.split()).casefold().rstrip(".!") == written:
            return option
    if written.isdecimal() and len(written) <= 3 and 1 <= int(written) <= len(options):
        return options[int(written) - 1]
    return None
