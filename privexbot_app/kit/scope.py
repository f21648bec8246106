"""Who acts, for which tenant, with which permissions; and every name that is derived from it.

A Scope is made only by `domains.tenancy.service` and, across tenants, by `system_scope` in `kit.database`. Redis keys,
storage prefixes and vector namespaces come from a Scope, so that nothing outside the kit ever spells a tenant id.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from privexbot_app.kit.errors import ForbiddenError


class ActorKind(StrEnum):
    """What kind of caller acts."""

    USER = "user"
    VISITOR = "visitor"
    API_KEY = "api_key"
    JOB = "job"
    SYSTEM = "system"
    STAFF = "staff"


@dataclass(frozen=True)
class Actor:
    """The one who acts. `id` is a user id, a visitor's session id, or a job's name."""

    kind: ActorKind
    id: str


@dataclass(frozen=True)
class Namespace:
    """A tenant's own corner of a shared engine, handed to plug-ins instead of a collection name.

    workspace_id, kind, id: whose it is and what it holds, e.g. ("…", "kb", knowledge base id).
    generation: counts re-indexes; a new generation is built beside the old one.

    >>> from uuid import UUID
    >>> Namespace(UUID(int=7), "kb", UUID(int=9), generation=2).name
    'kb-00000000000000000000000000000009-2'
    """

    workspace_id: UUID
    kind: str
    id: UUID
    generation: int = 1

    @property
    def name(self) -> str:
        """An identifier that every engine accepts: letters, digits and dashes, at most 63 characters."""
        return f"{self.kind}-{self.id.hex}-{self.generation}"

    @property
    def tenant(self) -> str:
        """The workspace, as engines write it into every record and filter."""
        return self.workspace_id.hex

    @property
    def full_name(self) -> str:
        """The name with its workspace in front, for engines in which all tenants share one list of names.

        >>> from uuid import UUID
        >>> Namespace(UUID(int=7), "kb", UUID(int=9)).full_name
        '00000000000000000000000000000007-kb-00000000000000000000000000000009-1'
        """
        return f"{self.tenant}-{self.name}"


@dataclass(frozen=True)
class Scope:
    """One caller inside one workspace.

    permissions: names from the table in `domains.tenancy.permissions`.
    is_test: the caller only tries things out; what follows never counts in figures.
    """

    organization_id: UUID
    workspace_id: UUID
    actor: Actor
    permissions: frozenset[str] = field(default_factory=frozenset)
    is_test: bool = False

    def require(self, permission: str) -> None:
        """Raise ForbiddenError unless the caller holds the permission."""
        if permission not in self.permissions:
            raise ForbiddenError("Your role in this workspace does not allow this.", permission=permission)

    def key(self, *parts: object) -> str:
        """A Redis key of this workspace, e.g. `ws:<id>:draft:chatbot:<id>`."""
        return ":".join(("ws", self.workspace_id.hex, *(str(part) for part in parts)))

    def storage_path(self, *parts: object) -> str:
        """A storage path of this workspace, e.g. `ws/<id>/documents/<id>`."""
        return "/".join(("ws", self.workspace_id.hex, *(str(part) for part in parts)))

    def namespace(self, kind: str, id: UUID, *, generation: int = 1) -> Namespace:
        """A corner of a vector store or another shared engine."""
        return Namespace(self.workspace_id, kind, id, generation)
