"""What the doors see of retention, persons and hosts."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from privexbot_app.domains.knowledge.persons import NamingDocument
from privexbot_app.kit.persons import Person

LONGEST_DAYS = 3650
Days = Annotated[int, Field(ge=1, le=LONGEST_DAYS)] | None


class Retention(BaseModel):
    """How many days a workspace keeps what visitors leave behind; null keeps it until somebody deletes it.

    conversations_days: after the last word; messages, flows' states and traces go along. traces_days: what chatflows
    record of each turn. leads_days: contacts. The audit log is kept apart, and for good.
    """

    model_config = ConfigDict(from_attributes=True)

    conversations_days: Days = None
    traces_days: Days = None
    leads_days: Days = None


class PersonView(BaseModel):
    """What there is of somebody. mentions: messages of others' conversations that name the address."""

    conversations: int
    leads: int
    mentions: int
    documents: list[NamingDocument]


class PersonExport(BaseModel):
    """Everything that is stored of somebody, as plain JSON."""

    exported_at: datetime
    conversations: list[dict[str, Any]]
    flow_states: list[dict[str, Any]]
    flow_turns: list[dict[str, Any]]
    leads: list[dict[str, Any]]
    documents: list[NamingDocument]


class Erasing(Person):
    """Whom to erase. with_documents: also documents that name the address, with their chunks and vectors."""

    with_documents: bool = False


class Erasure(BaseModel):
    """What was erased. blanked: messages of others in which the address was replaced. audit_entries: in which it was
    replaced by a pseudonym."""

    conversations: int
    leads: int
    blanked: int
    documents: int
    audit_entries: int


class HostView(BaseModel):
    """A host that this installation talks to. reasons: what for, in words."""

    host: str
    reasons: list[str]
