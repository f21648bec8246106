"""Rows of the vault."""

from collections.abc import Sequence
from uuid import UUID

from privexbot_app.domains.credentials.models import Credential, CredentialUse, DataKey
from privexbot_app.kit.repository import TenantRepository


class DataKeyRepository(TenantRepository[DataKey]):
    """A workspace's data key."""

    model = DataKey
    noun = "data key"

    async def find_own(self) -> DataKey | None:
        """The workspace's key, or None before its first credential. It stays what it is until our commit.

        A rotation waits for us, and we for it; without that, a secret could be sealed by a key that is just leaving.
        """
        query = self.query().with_for_update(read=True).execution_options(populate_existing=True)
        return await self.one(query)


class CredentialRepository(TenantRepository[Credential]):
    """A workspace's credentials."""

    model = Credential
    noun = "credential"

    async def find_named(self, name: str) -> Credential | None:
        """The credential of that name, or None."""
        return await self.one(self.query(Credential.name == name))


class CredentialUseRepository(TenantRepository[CredentialUse]):
    """What refers to a workspace's credentials."""

    model = CredentialUse
    noun = "credential use"

    async def list_of(self, credential_ids: Sequence[UUID]) -> Sequence[CredentialUse]:
        """Uses of these credentials, oldest first."""
        return await self.all(self.query(CredentialUse.credential_id.in_(credential_ids)).order_by(CredentialUse.id))

    async def list_by(self, used_by: str) -> Sequence[CredentialUse]:
        """What one thing refers to."""
        return await self.all(self.query(CredentialUse.used_by == used_by))

    async def find_use(self, credential_id: UUID, used_by: str) -> CredentialUse | None:
        """The use of a credential by one thing, or None."""
        return await self.one(
            self.query(CredentialUse.credential_id == credential_id, CredentialUse.used_by == used_by)
        )
