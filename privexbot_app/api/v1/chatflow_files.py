"""Chatflows as files: export, import with a report of what is lost, templates."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from privexbot_app.api.deps import CurrentScope, RuntimeDep
from privexbot_app.domains.chatflows.exchange import ChatflowExchange
from privexbot_app.domains.chatflows.schemas import ImportedDraft, TemplateView
from privexbot_app.flow.formats.parsing import MOST_CHARACTERS
from privexbot_app.kit.pagination import Page

router = APIRouter(prefix="/api/v1/chatflows", tags=["chatflows"])
YAML = "application/yaml"


class FlowContent(BaseModel):
    """A file of ours, of Dify, Flowise or Typebot. filename: gives a name to a flow that has none."""

    content: str = Field(max_length=MOST_CHARACTERS)
    filename: str = Field("", max_length=300)


@router.post("/import", status_code=201)
async def import_chatflow(body: FlowContent, scope: CurrentScope, installation: RuntimeDep) -> ImportedDraft:
    """Begin a draft of what a file holds. What has no equivalent is named one by one and stays on the canvas."""
    exchange = ChatflowExchange(installation.works, scope)
    draft, report = await exchange.import_flow(body.content, body.filename)
    return ImportedDraft(draft_id=draft.draft_id, report=report)


@router.get("/templates")
async def list_templates(scope: CurrentScope, installation: RuntimeDep) -> Page[TemplateView]:
    """Finished flows to begin with."""
    return Page(items=ChatflowExchange(installation.works, scope).list_templates())


@router.post("/templates/{template_name}/draft", status_code=201)
async def create_from_template(template_name: str, scope: CurrentScope, installation: RuntimeDep) -> ImportedDraft:
    """Begin a draft of a template."""
    draft, report = await ChatflowExchange(installation.works, scope).create_from_template(template_name)
    return ImportedDraft(draft_id=draft.draft_id, report=report)


@router.get("/draft/{draft_id}/export")
async def export_draft(draft_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> Response:
    """A draft as YAML."""
    return _file(await ChatflowExchange(installation.works, scope).export_draft(draft_id))


@router.get("/{chatflow_id}/export")
async def export_chatflow(
    chatflow_id: UUID,
    scope: CurrentScope,
    installation: RuntimeDep,
    version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> Response:
    """A live chatflow as YAML; `version` for another than the one that answers."""
    return _file(await ChatflowExchange(installation.works, scope).export_flow(chatflow_id, version))


def _file(content: str) -> Response:
    headers = {"Content-Disposition": 'attachment; filename="chatflow.yaml"'}
    return Response(content, media_type=YAML, headers=headers)
