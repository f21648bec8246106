"""What visitors leave, and what the team sees of it and does with it."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from privexbot_app.kit.fields import Trimmed

FieldName = Annotated[str, Field(min_length=1, max_length=64)]
FieldValue = Annotated[str, Field(max_length=2000)]
StageId = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9_-]+$")]
Label = Annotated[str, Trimmed, Field(min_length=1, max_length=40)]
MOST_FIELDS = 50


class NewLead(BaseModel):
    """What a visitor leaves."""

    session_id: str | None = Field(None, max_length=512)
    fields: dict[FieldName, FieldValue] = Field(min_length=1, max_length=20)
    consent: bool = False


class LeadView(BaseModel):
    """A lead. title: what the list calls it. consent_text: what the visitor has agreed to, at consented_at."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    bot_id: UUID
    conversation_id: UUID | None
    fields: dict[str, str]
    consented_at: datetime | None
    consent_text: str
    title: str
    email: str | None
    status: str
    owner_id: UUID | None
    channel: str
    created_at: datetime
    changed_at: datetime


class ActivityView(BaseModel):
    """One entry of a lead's timeline. kind: captured, changed or note."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: Literal["captured", "changed", "note"]
    text: str
    facts: dict[str, Any]
    actor: str
    created_at: datetime


class LeadDetail(LeadView):
    """A lead with its timeline, newest first. bot_name: of its source."""

    bot_name: str
    timeline: list[ActivityView]


class LeadFilters(BaseModel):
    """Which leads. text: words in any field. since, until: by when it was left."""

    text: str = Field("", max_length=200)
    status: str = Field("", max_length=40)
    owner_id: UUID | None = None
    bot_id: UUID | None = None
    channel: str = Field("", max_length=40)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class LeadChange(BaseModel):
    """What a teammate changes; what is left out stays. fields: those to set; an empty value removes one.

    owner_id: a member of the workspace; `is_unowned` takes the owner away.
    """

    fields: dict[FieldName, FieldValue] | None = Field(None, max_length=MOST_FIELDS)
    status: StageId | None = None
    owner_id: UUID | None = None
    is_unowned: bool = False


class NewNote(BaseModel):
    """What a teammate writes down."""

    text: Annotated[str, Trimmed, Field(min_length=1, max_length=4000)]


class Stage(BaseModel):
    """A step of the pipeline. outcome: whether a lead that is here is still being worked on."""

    id: StageId
    name: Label
    outcome: Literal["open", "won", "lost"] = "open"


class CustomField(BaseModel):
    """A field that the team keeps for each lead. kind: what its values must be."""

    name: FieldName
    label: Label
    kind: Literal["text", "number", "date", "yes_no"] = "text"


DEFAULT_STAGES = [
    Stage(id="new", name="New"),
    Stage(id="contacted", name="Contacted"),
    Stage(id="qualified", name="Qualified"),
    Stage(id="won", name="Won", outcome="won"),
    Stage(id="lost", name="Lost", outcome="lost"),
]


class LeadSettingsView(BaseModel):
    """How a workspace works with its leads. New leads are in the first stage."""

    stages: list[Stage] = Field(default_factory=lambda: list(DEFAULT_STAGES), min_length=1, max_length=20)
    custom_fields: list[CustomField] = Field([], max_length=30)

    @model_validator(mode="after")
    def _once_each(self) -> "LeadSettingsView":
        if len({stage.id for stage in self.stages}) < len(self.stages):
            raise ValueError("Two stages have the same id.")
        if len({field.name for field in self.custom_fields}) < len(self.custom_fields):
            raise ValueError("Two fields have the same name.")
        return self


class LeadCount(BaseModel):
    """How many leads are in a stage."""

    status: str
    count: int
