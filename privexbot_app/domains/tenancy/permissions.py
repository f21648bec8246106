"""The one table of who may do what. Services ask for permissions by name; nobody asks for a role.

                       viewer  editor  admin
    workspace.read       ✓       ✓       ✓
    kb.read              ✓       ✓       ✓
    bots.read            ✓       ✓       ✓
    bots.chat            ✓       ✓       ✓
    conversations.read   ✓       ✓       ✓
    kb.write                     ✓       ✓
    bots.write                   ✓       ✓
    bots.deploy                  ✓       ✓
    conversations.write          ✓       ✓
    members.read         ✓       ✓       ✓
    credentials.read             ✓       ✓
    credentials.manage                   ✓
    members.manage                       ✓
    workspace.manage                     ✓
    audit.read                           ✓
    api_keys.manage                      ✓
    webhooks.manage                      ✓

Owners and admins of an organization are admins of all its workspaces.
"""

from enum import StrEnum


class OrganizationRole(StrEnum):
    """A user's standing in an organization."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


class WorkspaceRole(StrEnum):
    """A user's standing in a workspace."""

    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"


VIEWER = frozenset({"workspace.read", "kb.read", "bots.read", "bots.chat", "conversations.read", "members.read"})
EDITOR = VIEWER | {"kb.write", "bots.write", "bots.deploy", "credentials.read", "conversations.write"}
ADMIN = EDITOR | {
    "members.manage",
    "workspace.manage",
    "audit.read",
    "credentials.manage",
    "api_keys.manage",
    "webhooks.manage",
}

PERMISSIONS: dict[WorkspaceRole, frozenset[str]] = {
    WorkspaceRole.VIEWER: VIEWER,
    WorkspaceRole.EDITOR: EDITOR,
    WorkspaceRole.ADMIN: ADMIN,
}
KEY_SCOPES = ADMIN - {"api_keys.manage", "members.manage", "credentials.manage"}
"""What an API key may be given; a leaked key must not be able to let anybody in."""
VISITOR_PERMISSIONS = frozenset({"bots.chat"})
"""What a visitor of a public bot may do: talk to it."""
JOB_PERMISSIONS = EDITOR
"""What a background job may do: it acts for somebody who had the right when the job was recorded."""
MANAGES_ORGANIZATION = frozenset({OrganizationRole.OWNER, OrganizationRole.ADMIN})
