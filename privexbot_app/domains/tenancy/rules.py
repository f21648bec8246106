"""Who may change whom. Pure: every change of a role asks here, so that nobody rises by their own hand.

- Whoever is no owner neither makes nor unmakes one.
- In a workspace nobody gives what they do not have, or changes somebody who has more than they.
- An organization always keeps an owner; `organizations` counts them under a lock.
"""

import re
import unicodedata
from collections.abc import Collection

from privexbot_app.domains.tenancy.permissions import ADMIN, MANAGES_ORGANIZATION, OrganizationRole
from privexbot_app.kit.errors import ConflictError, FieldProblem, ForbiddenError, InvalidError

LONGEST_SLUG = 48
SLUG = r"^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$"


class NotEnoughStandingError(ForbiddenError):
    """The caller would give more than they have, or change somebody above them."""

    def __init__(self) -> None:
        super().__init__("You cannot give or take away more than you have yourself.")


class LastOwnerError(ConflictError):
    """The organization would be left without an owner."""

    code = "last_owner"

    def __init__(self) -> None:
        super().__init__("An organization needs an owner. Make somebody else one first.")


def require_may_change(
    actor: OrganizationRole, *, target: OrganizationRole | None, to: OrganizationRole | None
) -> None:
    """Raise NotEnoughStandingError unless `actor` may change somebody's role in the organization.

    target: what they are now; None for somebody who is no member yet. to: what they become; None for nobody.
    """
    if actor not in MANAGES_ORGANIZATION:
        raise NotEnoughStandingError
    if OrganizationRole.OWNER in (target, to) and actor is not OrganizationRole.OWNER:
        raise NotEnoughStandingError


def require_within(own: Collection[str], *others: Collection[str]) -> None:
    """Raise NotEnoughStandingError unless the caller's permissions hold all the others."""
    if any(not set(other) <= set(own) for other in others):
        raise NotEnoughStandingError


def require_known(permissions: Collection[str]) -> list[str]:
    """The permissions, sorted. Raises InvalidError (`unknown_permission`) for one that is not in the table."""
    problems = [
        FieldProblem(f"permissions.{number}", "unknown", f"There is no permission “{name}”.")
        for number, name in enumerate(permissions)
        if name not in ADMIN
    ]
    if problems:
        raise InvalidError("There is no such permission.", code="unknown_permission", problems=problems)
    return sorted(set(permissions))


def slugify(name: str) -> str:
    """A name as part of an address; empty if nothing of it can be.

    >>> slugify("Café Ünïon & Söhne"), slugify("港")
    ('cafe-union-sohne', '')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST_SLUG].strip("-")
