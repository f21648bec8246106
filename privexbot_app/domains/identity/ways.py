"""A user's ways in: signing in by a proved identity, linking and unlinking them, and the password among them.

Two accounts are never merged: an identity, or an address, that belongs to somebody else is refused, and its owner signs
in there. The last way in cannot be removed.
"""

from uuid import UUID

from sqlalchemy.exc import IntegrityError

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.identity.models import LinkedIdentity, User
from privexbot_app.domains.identity.passwords import hash_password, is_password, require_uncommon
from privexbot_app.domains.identity.repository import IdentityRepository
from privexbot_app.domains.identity.schemas import Caller, IdentityView, PasswordChange, UserView, WaysInView
from privexbot_app.domains.identity.service import (
    IdentityService,
    WrongCredentialsError,
    require_recent_proof,
)
from privexbot_app.domains.identity.throttle import guarded_password
from privexbot_app.domains.identity.tokens import InvalidTokenError
from privexbot_app.integrations.auth_strategies.base import VerifiedIdentity
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.crypto import KeyRing
from privexbot_app.kit.errors import ConflictError, NotFoundError

LONGEST_LABEL = 120
ENDS_SHOWN = 6


class AccountExistsError(ConflictError):
    """The address of a new identity belongs to an account that it is not linked with."""

    code = "account_exists"

    def __init__(self) -> None:
        super().__init__(
            "There is already an account with this e-mail address. Accounts are not merged: sign in as you did before, "
            "then link this way in under “Sign-in and security”."
        )


class IdentityTakenError(ConflictError):
    """Somebody else signs in with this identity."""

    code = "identity_taken"

    def __init__(self) -> None:
        super().__init__(
            "This way in belongs to another account, and accounts are not merged. Sign in there and remove it first."
        )


class LastWayInError(ConflictError):
    """Without it, the user could never sign in again."""

    code = "last_way_in"

    def __init__(self) -> None:
        super().__init__("This is your only way in. Add another one first.")


class WaysIn:
    """The ways in of users, inside one unit of work."""

    def __init__(self, work: Work, keys: KeyRing) -> None:
        self._work = work
        self._rows = IdentityRepository(work.session)
        self._identity = IdentityService(work, keys)

    async def known_facts(self, strategy: str, subject: str) -> dict[str, object]:
        """What was kept of a linked identity; empty for an unknown one."""
        found = await self._rows.find_identity(strategy, subject)
        return dict(found.facts) if found else {}

    async def subjects(self, user_id: UUID, strategy: str) -> list[str]:
        """What a strategy knows the user by."""
        return [row.subject for row in await self._rows.list_identities(user_id) if row.strategy == strategy]

    async def find_user_of(self, identity: VerifiedIdentity) -> UserView | None:
        """Who signs in with an identity, or None. Remembers the use."""
        linked = await self._rows.find_identity(identity.strategy, identity.subject)
        if linked is None:
            return None
        linked.last_used_at, linked.facts = utc_now(), {**linked.facts, **identity.facts}
        return await self._identity.get_user(linked.user_id)

    async def make_user_of(self, identity: VerifiedIdentity) -> UserView:
        """A new user with this identity as the only way in. Raises AccountExistsError."""
        email = identity.email.lower() if identity.email else None
        name = (identity.name or _short(identity.label))[:LONGEST_LABEL]
        user = User(email=email, email_verified_at=utc_now() if email else None, name=name)
        self._rows.add(user)
        try:
            await self._rows.flush()
        except IntegrityError as error:
            raise AccountExistsError from error
        self._add(user.id, identity)
        await self._rows.flush()
        return UserView.model_validate(user)

    async def link(self, caller: Caller, identity: VerifiedIdentity) -> IdentityView:
        """Add a way in; one that the caller has already counts as a proof of who they are.

        Raises IdentityTakenError, RecentProofNeededError.
        """
        linked = await self._rows.find_identity(identity.strategy, identity.subject)
        if linked is not None and linked.user_id != caller.user_id:
            raise IdentityTakenError
        if linked is not None:
            linked.last_used_at, linked.facts = utc_now(), {**linked.facts, **identity.facts}
            await self._identity.mark_proved(caller)
            return IdentityView.model_validate(linked)
        require_recent_proof(caller)
        added = self._add(caller.user_id, identity)
        await self._rows.flush()
        AuditService(self._work).record_sign_in(caller.user_id, "identity.linked")
        return IdentityView.model_validate(added)

    async def unlink(self, caller: Caller, identity_id: UUID) -> None:
        """Remove a way in. Raises NotFoundError, LastWayInError, RecentProofNeededError."""
        # Locked, so that of two removals at once the second one sees what the first has left.
        user = await self._rows.lock_user(caller.user_id)
        identities = await self._rows.list_identities(caller.user_id)
        if user is None or identity_id not in {identity.id for identity in identities}:
            raise NotFoundError("There is no such way in.", code="identity_not_found")
        require_recent_proof(caller)
        if len(identities) == 1 and user.password_hash is None:
            raise LastWayInError
        await self._rows.remove_identity(identity_id)
        AuditService(self._work).record_sign_in(caller.user_id, "identity.unlinked")

    async def list_ways(self, user_id: UUID) -> WaysInView:
        """How the user can sign in. Raises InvalidTokenError if the account is gone."""
        user = await self._user(user_id)
        factor = await self._rows.find_second_factor(user_id)
        identities = await self._rows.list_identities(user_id)
        has_factor = factor is not None and factor.confirmed_at is not None
        return WaysInView(
            email=user.email or "",
            is_email_verified=user.email_verified_at is not None,
            has_password=user.password_hash is not None,
            identities=[IdentityView.model_validate(identity) for identity in identities],
            has_second_factor=has_factor,
            recovery_codes_left=await self._rows.count_recovery_codes(user_id) if has_factor else 0,
        )

    async def require_password(self, user_id: UUID, password: str, *, ip_address: str) -> None:
        """Raise WrongCredentialsError unless it is the user's password, and RateLimitedError for who guesses."""
        user = await self._user(user_id)
        async with guarded_password(self._work.works, email=user.email or str(user.id), ip_address=ip_address):
            if not await is_password(password, user.password_hash):
                raise WrongCredentialsError

    async def change_password(self, caller: Caller, change: PasswordChange, *, ip_address: str) -> None:
        """Set a new password and end every session, the caller's too. A first one needs a recent proof.

        Raises WrongCredentialsError, CommonPasswordError, RecentProofNeededError.
        """
        user = await self._user(caller.user_id)
        if user.password_hash is None:
            require_recent_proof(caller)
        else:
            current = change.current_password.get_secret_value() if change.current_password else ""
            await self.require_password(user.id, current, ip_address=ip_address)
        await self.set_password(user.id, change.new_password.get_secret_value(), field="new_password")

    async def set_password(self, user_id: UUID, password: str, *, field: str) -> None:
        """Set a password whose right was proved; every session and mailed link dies. Raises CommonPasswordError."""
        user = await self._user(user_id)
        require_uncommon(password, own=(user.email or "", user.name), field=field)
        user.password_hash = await hash_password(password)
        await self._rows.revoke_sessions(user.id)
        await self._rows.void_mail_tokens(user.id)
        AuditService(self._work).record_sign_in(user.id, "password.changed")

    def _add(self, user_id: UUID, identity: VerifiedIdentity) -> LinkedIdentity:
        added = LinkedIdentity(
            user_id=user_id,
            strategy=identity.strategy,
            subject=identity.subject,
            label=identity.label[:LONGEST_LABEL],
            facts=dict(identity.facts),
            last_used_at=utc_now(),
        )
        self._rows.add(added)
        return added

    async def _user(self, user_id: UUID) -> User:
        user = await self._rows.find_user(user_id)
        if user is None:
            raise InvalidTokenError
        return user


def _short(label: str) -> str:
    """A long address with its middle left out.

    >>> _short("0xa1E993d09257291470e86778399D79A0864F327E")
    '0xa1E9…4F327E'
    """
    return label if len(label) <= 2 * ENDS_SHOWN + 8 else f"{label[:ENDS_SHOWN]}…{label[-ENDS_SHOWN:]}"
