"""Who is calling: registration, sign-in, sessions, tokens. Does not know workspaces beyond an id to remember."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.identity.models import AuthSession, RefreshToken, User
from privexbot_app.domains.identity.passwords import hash_password, is_password, require_uncommon
from privexbot_app.domains.identity.repository import IdentityRepository
from privexbot_app.domains.identity.schemas import (
    Caller,
    Credentials,
    Registration,
    SessionView,
    Tokens,
    UserView,
    Visit,
)
from privexbot_app.domains.identity.throttle import guarded_password
from privexbot_app.domains.identity.tokens import ACCESS_LIFE, AccessTokens, InvalidTokenError
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.crypto import KeyRing, fingerprint
from privexbot_app.kit.errors import ConflictError, ForbiddenError, NotFoundError, UnauthenticatedError
from privexbot_app.kit.ids import new_token

SESSION_LIFE = timedelta(days=14)
PROOF_LIFE = timedelta(minutes=15)
SEEN_EVERY = timedelta(minutes=5)


class EmailTakenError(ConflictError):
    """Somebody has registered with this address."""

    code = "email_taken"

    def __init__(self) -> None:
        super().__init__("There is already an account with this e-mail address. Sign in instead.")


class WrongCredentialsError(UnauthenticatedError):
    """No such user, or not their password; which of the two is not told."""

    code = "wrong_credentials"

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is not right.")


class ReusedRefreshTokenError(UnauthenticatedError):
    """A refresh token came a second time: its whole family is revoked."""

    code = "refresh_token_reused"

    def __init__(self) -> None:
        super().__init__("This sign-in was ended for safety. Sign in again.")


class RecentProofNeededError(ForbiddenError):
    """A dangerous act, and the caller signed in too long ago."""

    code = "recent_sign_in_needed"

    def __init__(self) -> None:
        super().__init__("Please confirm first that it is you: your last sign-in is too long ago for this.")


def require_recent_proof(caller: Caller) -> None:
    """Raise RecentProofNeededError unless the caller has proved who they are in the last quarter of an hour."""
    if caller.proved_at < utc_now() - PROOF_LIFE:
        raise RecentProofNeededError


class UserDirectory:
    """Looks users up for other rooms."""

    def __init__(self, work: Work) -> None:
        self._rows = IdentityRepository(work.session)

    async def list_users(self, user_ids: list[UUID]) -> dict[UUID, UserView]:
        """The users of these ids; unknown ones are left out."""
        return {user.id: UserView.model_validate(user) for user in await self._rows.list_users(user_ids)}

    async def find_user_by_email(self, email: str) -> UserView | None:
        """The user of an address, or None."""
        user = await self._rows.find_user_by_email(email.strip().lower())
        return UserView.model_validate(user) if user else None

    async def find_proved_email(self, user_id: UUID) -> str:
        """The user's address if they have proved that they read mail there, else nothing."""
        for user in await self._rows.list_users([user_id]):
            return (user.email or "") if user.email_verified_at else ""
        return ""


class IdentityService:
    """Users and their sessions, inside one unit of work."""

    def __init__(self, work: Work, keys: KeyRing) -> None:
        self._work = work
        self._rows = IdentityRepository(work.session)
        self._access = AccessTokens(keys)

    async def register(self, registration: Registration) -> UserView:
        """A new user. Raises EmailTakenError, CommonPasswordError."""
        email = registration.email.lower()
        password = registration.password.get_secret_value()
        require_uncommon(password, own=(email,))
        password_hash = await hash_password(password)
        user = User(email=email, name=registration.name or email.split("@")[0], password_hash=password_hash)
        self._rows.add(user)
        try:
            await self._rows.flush()
        except IntegrityError as error:
            raise EmailTakenError from error
        return UserView.model_validate(user)

    async def check_credentials(self, credentials: Credentials, *, ip_address: str) -> UserView:
        """The user. Raises WrongCredentialsError, and RateLimitedError for who guesses (see `throttle`)."""
        email = credentials.email.strip().lower()
        async with guarded_password(self._work.works, email=email, ip_address=ip_address):
            user = await self._rows.find_user_by_email(email)
            fits = await is_password(credentials.password.get_secret_value(), user.password_hash if user else None)
            if user is None or not fits:
                raise WrongCredentialsError
        return UserView.model_validate(user)

    async def get_user(self, user_id: UUID) -> UserView:
        """The user. Raises InvalidTokenError if the account is gone."""
        user = await self._rows.find_user(user_id)
        if user is None:
            raise InvalidTokenError
        return UserView.model_validate(user)

    async def rename(self, user_id: UUID, name: str) -> UserView:
        """Change a user's name."""
        user = await self._rows.find_user(user_id)
        if user is None:
            raise InvalidTokenError
        user.name = name
        return UserView.model_validate(user)

    async def start_program_session(self, user_id: UUID, workspace_id: UUID, visit: Visit) -> Tokens:
        """Sign a program in: an access token and the first refresh token of a new family."""
        session = self._start_session(user_id, workspace_id, visit, cookie_hash=None)
        await self._rows.flush()
        return self._issue(user_id, session.id)

    async def start_browser_session(self, user_id: UUID, workspace_id: UUID, visit: Visit) -> str:
        """Sign a browser in. Returns the value of its cookie, which is stored nowhere else."""
        cookie = new_token("pbs")
        self._start_session(user_id, workspace_id, visit, cookie_hash=fingerprint(cookie))
        return cookie

    async def refresh(self, refresh_token: str) -> Tokens | None:
        """Exchange a refresh token for a new pair. None if it was used before: its family is revoked, say so.

        Raises InvalidTokenError for an unknown token or an ended session.
        """
        token = await self._rows.find_refresh_token(fingerprint(refresh_token))
        if token is None:
            raise InvalidTokenError
        session = await self._rows.find_session(token.session_id)
        if session is None or not _is_alive(session):
            raise InvalidTokenError
        if not await self._rows.use_refresh_token(token.id):
            session.revoked_at = utc_now()
            AuditService(self._work).record_sign_in(session.user_id, "refresh_token.reused")
            return None
        session.last_seen_at = utc_now()
        session.expires_at = session.last_seen_at + SESSION_LIFE
        return self._issue(session.user_id, session.id)

    async def caller_of_token(self, access_token: str) -> Caller:
        """Who holds an access token. Raises InvalidTokenError, ExpiredTokenError."""
        user_id, session_id = self._access.read(access_token)
        session = await self._rows.find_session(session_id)
        if session is None or session.user_id != user_id or not _is_alive(session):
            raise InvalidTokenError
        return Caller(user_id, session_id, session.workspace_id, session.proved_at)

    async def caller_of_cookie(self, cookie: str) -> Caller:
        """Who holds a browser's cookie. Raises InvalidTokenError."""
        session = await self._rows.find_session_by_cookie(fingerprint(cookie))
        if session is None or not _is_alive(session):
            raise InvalidTokenError
        return Caller(session.user_id, session.id, session.workspace_id, session.proved_at)

    async def mark_seen(self, session_id: UUID) -> None:
        """Remember that the session is in use, to within five minutes."""
        session = await self._rows.find_session(session_id)
        if session is not None and session.last_seen_at < utc_now() - SEEN_EVERY:
            session.last_seen_at = utc_now()

    async def mark_proved(self, caller: Caller) -> None:
        """Remember that the caller has just proved again who they are."""
        session = await self._rows.find_session(caller.session_id)
        if session is None or not _is_alive(session):
            raise InvalidTokenError
        session.proved_at = utc_now()

    async def list_sessions(self, caller: Caller) -> list[SessionView]:
        """Where the caller is signed in, latest first."""
        sessions = await self._rows.list_live_sessions(caller.user_id)
        return [
            SessionView.model_validate(session).model_copy(update={"is_current": session.id == caller.session_id})
            for session in sessions
        ]

    async def end_own_session(self, caller: Caller, session_id: UUID) -> None:
        """Sign one of the caller's devices out. Raises NotFoundError (`session_not_found`)."""
        session = await self._rows.find_session(session_id)
        if session is None or session.user_id != caller.user_id or not _is_alive(session):
            raise NotFoundError("There is no such device.", code="session_not_found")
        await self.end_session(session_id)

    async def end_other_sessions(self, caller: Caller) -> int:
        """Sign every device out but the caller's own. Returns how many there were."""
        count = await self._rows.revoke_sessions(caller.user_id, keep=caller.session_id)
        AuditService(self._work).record_sign_in(caller.user_id, "sessions.ended")
        return count

    async def switch(self, session_id: UUID, workspace_id: UUID) -> None:
        """Remember the workspace that a session works in; the membership is checked by `tenancy`."""
        session = await self._rows.find_session(session_id)
        if session is None or not _is_alive(session):
            raise InvalidTokenError
        session.workspace_id = workspace_id

    async def renew_tokens(self, caller: Caller) -> Tokens:
        """A new pair of tokens within the caller's session."""
        return self._issue(caller.user_id, caller.session_id)

    async def end_session(self, session_id: UUID) -> None:
        """Sign out: every token and cookie of the session is worthless from now on."""
        session = await self._rows.find_session(session_id)
        if session is not None and session.revoked_at is None:
            session.revoked_at = utc_now()
            AuditService(self._work).record_sign_in(session.user_id, "session.ended")

    def _start_session(
        self, user_id: UUID, workspace_id: UUID, visit: Visit, *, cookie_hash: str | None
    ) -> AuthSession:
        session = AuthSession(
            user_id=user_id,
            workspace_id=workspace_id,
            cookie_hash=cookie_hash,
            method=visit.method,
            device=visit.device,
            network=visit.network,
            expires_at=utc_now() + SESSION_LIFE,
        )
        self._rows.add(session)
        AuditService(self._work).record_sign_in(user_id, "session.started")
        return session

    def _issue(self, user_id: UUID, session_id: UUID) -> Tokens:
        refresh_token = new_token("pbr")
        self._rows.add(RefreshToken(session_id=session_id, token_hash=fingerprint(refresh_token)))
        return Tokens(
            access_token=self._access.issue(user_id=user_id, session_id=session_id),
            refresh_token=refresh_token,
            expires_in=int(ACCESS_LIFE.total_seconds()),
        )


def _is_alive(session: AuthSession) -> bool:
    return session.revoked_at is None and session.expires_at > utc_now()
