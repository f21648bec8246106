"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes for when it is lost.

A code counts once, whether it is used at once or in the half minute after; wrong ones make the user wait. The secret is
sealed with the user's id, recovery codes are kept as fingerprints.
"""

import base64
import hmac
import secrets
from datetime import datetime
from io import BytesIO
from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.identity.models import RecoveryCode, SecondFactor
from privexbot_app.domains.identity.repository import IdentityRepository
from privexbot_app.domains.identity.schemas import Caller, RecoveryCodes, SecondFactorSetup
from privexbot_app.domains.identity.service import IdentityService, require_recent_proof
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.crypto import KeyRing, fingerprint
from privexbot_app.kit.errors import ConflictError, UnauthenticatedError

STEP_SECONDS = 30
STEPS_ALLOWED = (0, -1, 1)
"""Now, the step before, the next one: clocks differ."""
CODES = 10
CODE_BYTES = 8
SECRET_BYTES = 20


class WrongCodeError(UnauthenticatedError):
    """The code is not right, or was used before."""

    code = "wrong_code"

    def __init__(self) -> None:
        super().__init__("This code is not right, or was used before. Wait for the next one.")


class SecondFactorExistsError(ConflictError):
    """There is one already."""

    code = "second_factor_exists"

    def __init__(self) -> None:
        super().__init__("A second factor is set up already. Remove it first to set up another one.")


class NoSecondFactorError(ConflictError):
    """There is none, or none that was begun."""

    code = "no_second_factor"

    def __init__(self) -> None:
        super().__init__("No second factor is being set up.")


class SecondFactors:
    """Second factors of users, inside one unit of work."""

    def __init__(self, work: Work, keys: KeyRing) -> None:
        self._work = work
        self._keys = keys
        self._rows = IdentityRepository(work.session)

    async def is_needed(self, user_id: UUID) -> bool:
        """Whether the user must give a code too."""
        factor = await self._rows.find_second_factor(user_id)
        return factor is not None and factor.confirmed_at is not None

    async def begin(self, caller: Caller, *, site_name: str) -> SecondFactorSetup:
        """Make a secret; it counts once a first code was given. Raises SecondFactorExistsError."""
        require_recent_proof(caller)
        factor = await self._rows.find_second_factor(caller.user_id)
        if factor is not None and factor.confirmed_at is not None:
            raise SecondFactorExistsError
        secret = base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()
        sealed = self._keys.seal(secret, bound_to=binding_of(caller.user_id))
        if factor is None:
            self._rows.add(SecondFactor(user_id=caller.user_id, sealed_secret=sealed))
        else:
            factor.sealed_secret = sealed
        user = await IdentityService(self._work, self._keys).get_user(caller.user_id)
        uri = _address_of(secret, account=user.email or user.name, issuer=site_name)
        return SecondFactorSetup(secret=secret, uri=uri, qr_svg=_draw(uri))

    async def confirm(self, caller: Caller, code: str) -> RecoveryCodes:
        """Turn the second factor on by its first code. Returns recovery codes, which are shown once.

        The caller stands in `guarded_code`. Raises NoSecondFactorError, WrongCodeError.
        """
        factor = await self._rows.find_second_factor(caller.user_id)
        if factor is None:
            raise NoSecondFactorError
        if factor.confirmed_at is not None:
            raise SecondFactorExistsError
        await self._take_app_code(factor, code)
        factor.confirmed_at = utc_now()
        AuditService(self._work).record_sign_in(caller.user_id, "second_factor.added")
        return await self._new_codes(caller.user_id)

    async def require(self, user_id: UUID, code: str) -> None:
        """Take a code of the app, or a recovery code. The caller stands in `guarded_code`.

        Raises WrongCodeError, NoSecondFactorError.
        """
        factor = await self._rows.find_second_factor(user_id)
        if factor is None or factor.confirmed_at is None:
            raise NoSecondFactorError
        typed = code.replace(" ", "").replace("-", "").lower()
        if typed.isascii() and typed.isdigit():
            await self._take_app_code(factor, typed)
        elif not await self._rows.use_recovery_code(user_id, fingerprint(f"{user_id}:{typed}")):
            raise WrongCodeError

    async def renew_codes(self, caller: Caller) -> RecoveryCodes:
        """New recovery codes; the old ones are worthless. Needs a recent proof."""
        require_recent_proof(caller)
        if not await self.is_needed(caller.user_id):
            raise NoSecondFactorError
        await self._rows.remove_recovery_codes(caller.user_id)
        AuditService(self._work).record_sign_in(caller.user_id, "recovery_codes.renewed")
        return await self._new_codes(caller.user_id)

    async def remove(self, caller: Caller) -> None:
        """Do without from now on. Needs a recent proof."""
        require_recent_proof(caller)
        await self._rows.remove_second_factor(caller.user_id)
        AuditService(self._work).record_sign_in(caller.user_id, "second_factor.removed")

    async def _take_app_code(self, factor: SecondFactor, code: str) -> None:
        secret = self._keys.open(factor.sealed_secret, bound_to=binding_of(factor.user_id))
        step = step_of(secret, code, utc_now())
        if step is None or not await self._rows.advance_second_factor(factor.user_id, step):
            raise WrongCodeError

    async def _new_codes(self, user_id: UUID) -> RecoveryCodes:
        codes = [secrets.token_hex(CODE_BYTES) for _ in range(CODES)]
        # A letter in front tells it from a code of the app.
        codes = [f"r{code}" for code in codes]
        for code in codes:
            self._rows.add(RecoveryCode(user_id=user_id, code_hash=fingerprint(f"{user_id}:{code}")))
        return RecoveryCodes(codes=[f"{code[:5]}-{code[5:9]}-{code[9:13]}-{code[13:]}" for code in codes])


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step that a code belongs to, or None."""
    from pyotp import TOTP  # noqa: PLC0415 - only second factors pay for it

    current = int(now.timestamp()) // STEP_SECONDS
    for offset in STEPS_ALLOWED:
        if hmac.compare_digest(TOTP(secret).generate_otp(current + offset).encode(), code.encode()):
            return current + offset
    return None


def binding_of(user_id: UUID) -> str:
    """What a secret is sealed with, so that it opens for its own user only."""
    return f"second-factor:{user_id}"


def _address_of(secret: str, *, account: str, issuer: str) -> str:
    from pyotp import TOTP  # noqa: PLC0415 - as above

    return TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def _draw(uri: str) -> str:
    import segno  # noqa: PLC0415 - as above

    picture = BytesIO()
    segno.make(uri, error="m").save(picture, kind="svg", xmldecl=False, svgns=True, border=2, scale=4, light="#fff")
    return picture.getvalue().decode()
