"""Personal data out of a text and back into it: e-mail, phone, IBAN, card, IP address, credentials in addresses. Pure.

    redactor = Redactor()
    redactor.hide("Mail ann@example.com")        # "Mail [EMAIL_1]"
    redactor.restore("I wrote to [EMAIL_1].")    # "I wrote to ann@example.com."

One redactor goes with one question: the same value has the same placeholder throughout, so a model can speak of it,
and nothing of it is stored. `Restorer` does the same for a stream whose pieces cut placeholders in two.
"""

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address

from phonenumbers import Leniency, PhoneNumberMatcher

CREDENTIALS = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/@:]+:[^\s/@]+@[^\s<>\"')\]]+", re.IGNORECASE)
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,24}(?![\w-])")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?\b")
CARD = re.compile(r"(?<![\d-])(?:\d[ -]?){12,18}\d(?![\d-])")
IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)")
IPV6 = re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?![\w:])")
PLACEHOLDER = re.compile(r"\[(EMAIL|PHONE|IBAN|CARD|IP|LOGIN)_(\d{1,4})\]")
LONGEST_PLACEHOLDER = len("[EMAIL_9999]")
PHONE_HINT = re.compile(r"\+?\d[\d ()./-]{6,}")
MOST_PHONES = 1000


def without_credentials(address: str) -> str:
    """An address without the name and password in it.

    >>> without_credentials("https://me:secret@example.com/x")
    'https://example.com/x'
    """
    return re.sub(r"^([a-z][a-z0-9+.-]*://)[^/@]*@", r"\1", address, flags=re.IGNORECASE)


class Redactor:
    """Hides and restores. region: where numbers without a country code are dialled from; None knows only `+…`."""

    def __init__(self, *, region: str | None = None) -> None:
        self._region = region
        self._values: dict[str, str] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}

    def hide(self, text: str) -> str:
        """The text with placeholders for personal data.

        >>> Redactor().hide("Card 4111 1111 1111 1111, IP 203.0.113.7, ref 4111 1111 1111 1112")
        'Card [CARD_1], IP [IP_1], ref 4111 1111 1111 1112'
        >>> Redactor().hide("IBAN DE89 3704 0044 0532 0130 00 or +49 30 901820")
        'IBAN [IBAN_1] or [PHONE_1]'
        """
        # What people write that looks like one of ours must not be restored to somebody's data.
        text = PLACEHOLDER.sub(lambda found: self._name(found[0], "LOGIN"), text) if "[" in text else text
        for kind, pattern, is_one in KINDS:
            text = pattern.sub(self._replacer(kind, is_one), text)
        return self._hide_phones(text)

    def restore(self, text: str) -> str:
        """The text with its values back; a placeholder that was never given stays."""
        return PLACEHOLDER.sub(lambda found: self._values.get(found[0], found[0]), text)

    @property
    def has_hidden(self) -> bool:
        """Whether there is anything to restore."""
        return bool(self._values)

    def _replacer(self, kind: str, is_one: Callable[[str], bool]) -> Callable[[re.Match[str]], str]:
        return lambda found: self._name(found[0], kind) if is_one(found[0]) else found[0]

    def _hide_phones(self, text: str) -> str:
        if not PHONE_HINT.search(text):  # the matcher costs a thousand times more
            return text
        matcher = PhoneNumberMatcher(text, self._region, leniency=Leniency.VALID, max_tries=MOST_PHONES)
        for found in reversed(list(matcher)):
            text = text[: found.start] + self._name(found.raw_string, "PHONE") + text[found.end :]
        return text

    def _name(self, value: str, kind: str) -> str:
        if (kind, value) not in self._names:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            name = f"[{kind}_{self._counts[kind]}]"
            self._names[kind, value] = name
            self._values[name] = value
        return self._names[kind, value]


class Restorer:
    """Restores a stream: holds back what may be the beginning of a placeholder until the rest has come."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held = ""

    def feed(self, piece: str) -> str:
        """The next piece of text that is safe to show; may be empty.

        >>> redactor = Redactor()
        >>> _ = redactor.hide("ann@example.com")
        >>> restorer = Restorer(redactor)
        >>> [restorer.feed(piece) for piece in ("Hi [EM", "AIL_", "1] and [1", "]")]
        ['Hi ', '', 'ann@example.com and [1', ']']
        """
        text = self._held + piece
        start = text.rfind("[", max(0, len(text) - LONGEST_PLACEHOLDER))
        may_go_on = start >= 0 and BEGINNING.fullmatch(text, start) is not None
        text, self._held = (text[:start], text[start:]) if may_go_on else (text, "")
        return self._redactor.restore(text)

    def finish(self) -> str:
        """What was held back, once nothing more comes."""
        held, self._held = self._held, ""
        return self._redactor.restore(held)


def _beginnings() -> Iterator[str]:
    for kind in ("EMAIL", "PHONE", "IBAN", "CARD", "IP", "LOGIN"):
        yield from (re.escape(kind[:length]) for length in range(len(kind)))
        yield rf"{kind}(?:_\d{{0,4}})?"


BEGINNING = re.compile(rf"\[(?:{'|'.join(_beginnings())})")


def _is_iban(text: str) -> bool:
    plain = text.replace(" ", "")
    digits = "".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])
    return 15 <= len(plain) <= 34 and int(digits) % 97 == 1


def _is_card(text: str) -> bool:
    """Luhn's check, from the right: every second digit doubled."""
    digits = [int(letter) for letter in text if letter.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return any(letter.isdigit() for letter in text)  # `a::b` is more often code than an address


def _always(text: str) -> bool:
    return True


KINDS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("LOGIN", CREDENTIALS, _always),
    ("EMAIL", EMAIL, _always),
    ("IBAN", IBAN, _is_iban),
    ("CARD", CARD, _is_card),
    ("IP", IPV4, _is_address),
    ("IP", IPV6, _is_address),
)
"""In this order: a login holds an “@”, an IBAN holds digits like a card."""
