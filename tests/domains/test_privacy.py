"""What workspaces keep for a time, and what is known of one person: out, or away, and nobody else's."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import col

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.chatflows.models import FlowState, FlowTurn
from privexbot_app.domains.chatflows.repository import FlowStateRepository, FlowTurnRepository
from privexbot_app.domains.conversations.models import Conversation, Message
from privexbot_app.domains.conversations.repository import ConversationRepository, MessageRepository
from privexbot_app.domains.leads.models import Lead
from privexbot_app.domains.leads.repository import LeadRepository
from privexbot_app.domains.privacy.jobs import enforce_everywhere
from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.persons import names
from privexbot_app.kit.scope import Scope
from tests.installation import ON_BOTH_DATABASES, Installation, Person

EVE = "eve@example.com"
PRIVACY = "/api/v1/privacy"


class Shop:
    """A workspace with a bot, and what visitors have left with it."""

    def __init__(self, installation: Installation, owner: Person) -> None:
        self.installation, self.owner = installation, owner
        self.bot_id = UUID(int=0)

    @property
    def scope(self) -> Scope:
        return scope_of_job(UUID(self.owner.organization_id), UUID(self.owner.workspace_id), job="test")

    async def call(self, method: str, path: str, body: object = None) -> dict:
        response = await self.installation.http.request(
            method, f"{PRIVACY}{path}", json=body, headers=self.owner.headers
        )
        assert response.is_success, response.text
        return response.json()

    async def open(self) -> None:
        http, headers = self.installation.http, self.owner.headers
        base = await self.keep("Prices", "A box of tea is 5 euros.")
        fields = {"name": "Shop", "knowledge_bases": [{"kb_id": base}]}
        draft = (await http.post("/api/v1/chatbots/draft", json=fields, headers=headers)).json()
        made = await http.post(f"/api/v1/chatbots/draft/{draft['draft_id']}/deploy", headers=headers)
        self.bot_id = UUID(made.json()["bot_id"])

    async def keep(self, title: str, content: str) -> str:
        """A knowledge base with one document; its id."""
        http, headers = self.installation.http, self.owner.headers
        draft = (await http.post("/api/v1/kb/draft", json={"name": title}, headers=headers)).json()["draft_id"]
        body = {"type": "text", "title": title, "content": content}
        await http.put(f"/api/v1/kb/draft/{draft}/sources", json=body, headers=headers)
        return (await http.post(f"/api/v1/kb/draft/{draft}/finalize", headers=headers)).json()["kb_id"]

    async def talk(self, *words: str, visitor_id: str | None = None, days_ago: int = 0, memory: str = "") -> UUID:
        """A conversation in which this was said, with a trace and, if asked for, something that its flow remembers."""
        at = utc_now() - timedelta(days=days_ago)
        async with self.installation.works.open(self.scope) as work:
            own = {"workspace_id": self.scope.workspace_id, "created_at": at}
            row = work.repository(ConversationRepository).add(
                Conversation(**own, bot_id=self.bot_id, bot_version=1, visitor_id=visitor_id)
            )
            await work.session.flush()
            child = {**own, "conversation_id": row.id}
            for text in words:
                work.repository(MessageRepository).add(Message(**child, role="visitor", content=text))
            work.repository(FlowTurnRepository).add(FlowTurn(**child, message_id=row.id, bot_version=1))
            if memory:
                work.repository(FlowStateRepository).add(FlowState(**child, bot_version=1, variables={"to": [memory]}))
        return row.id

    async def leave(self, email: str, conversation_id: UUID | None = None, *, days_ago: int = 0) -> None:
        at = utc_now() - timedelta(days=days_ago)
        async with self.installation.works.open(self.scope) as work:
            work.repository(LeadRepository).add(
                Lead(
                    workspace_id=self.scope.workspace_id,
                    created_at=at,
                    bot_id=self.bot_id,
                    conversation_id=conversation_id,
                    fields={"email": email},
                )
            )

    async def left(self) -> dict[str, int]:
        """How much there is of each kind."""
        kinds = (ConversationRepository, MessageRepository, FlowTurnRepository, FlowStateRepository, LeadRepository)
        async with self.installation.works.open(self.scope, read_only=True) as work:
            found = [work.repository(kind) for kind in kinds]
            return {one.noun: len(await one.all(one.query())) for one in found}

    async def words_of(self, conversation_id: UUID) -> list[str]:
        async with self.installation.works.open(self.scope, read_only=True) as work:
            rows = work.repository(MessageRepository)
            mine = rows.query(col(Message.conversation_id) == conversation_id)
            return [row.content for row in await rows.all(mine)]

    async def log(self, event: str, **facts: object) -> None:
        async with self.installation.works.open(self.scope) as work:
            AuditService(work).record(event, **facts)


@pytest.fixture
async def shop(installation: Installation, ann: Person) -> Shop:
    made = Shop(installation, ann)
    await made.open()
    return made


@ON_BOTH_DATABASES
async def test_what_is_too_old_goes_and_the_log_stays(shop: Shop):
    await shop.talk("old", days_ago=40)
    await shop.talk("young", days_ago=2)
    await shop.leave(EVE, days_ago=40)
    await shop.leave(EVE)
    await shop.call("PUT", "/retention", {"conversations_days": 30, "traces_days": 1, "leads_days": 30})
    await enforce_everywhere(shop.installation.works)
    assert await shop.left() == {"conversation": 1, "message": 1, "flow turn": 0, "flow state": 0, "lead": 1}
    log = await shop.installation.http.get("/api/v1/audit-log", headers=shop.owner.headers)
    entry = next(entry for entry in log.json()["items"] if entry["event"] == "retention.enforced")
    assert entry["facts"] == {"conversations": 1, "traces": 1, "leads": 1}


async def test_a_workspace_that_has_not_decided_keeps_everything(shop: Shop):
    await shop.talk("old", days_ago=4000)
    await enforce_everywhere(shop.installation.works)
    assert (await shop.left())["conversation"] == 1
    assert await shop.call("GET", "/retention") == {
        "conversations_days": None,
        "traces_days": None,
        "leads_days": None,
    }


async def test_a_conversation_lives_as_long_as_somebody_speaks_in_it(shop: Shop):
    old = await shop.talk("begun", days_ago=40)
    async with shop.installation.works.open(shop.scope) as work:
        work.repository(MessageRepository).add(
            Message(workspace_id=shop.scope.workspace_id, conversation_id=old, role="visitor", content="still here")
        )
    await shop.call("PUT", "/retention", {"conversations_days": 30})
    await enforce_everywhere(shop.installation.works)
    assert await shop.words_of(old) == ["begun", "still here"]


@ON_BOTH_DATABASES
async def test_a_person_is_erased_everywhere_and_nobody_else_is(shop: Shop):
    await shop.talk("as a verified visitor", visitor_id=EVE)
    await shop.leave("Eve@Example.com", await shop.talk("as a contact"))
    await shop.talk("as the flow remembers", memory=EVE)
    other = await shop.talk(f"ask {EVE}, not steve@example.com", visitor_id="steve")
    await shop.leave("steve@example.com", other)
    await shop.log("member.added", email=EVE)
    found = await shop.call("POST", "/person/find", {"email": EVE})
    assert found == {"conversations": 3, "leads": 1, "mentions": 1, "documents": []}
    erased = await shop.call("POST", "/person/erase", {"email": EVE})
    assert erased == {"conversations": 3, "leads": 1, "blanked": 1, "documents": 0, "audit_entries": 1}
    assert await shop.words_of(other) == ["ask [erased], not steve@example.com"]
    assert (await shop.left()) == {"conversation": 1, "message": 1, "flow turn": 0, "flow state": 0, "lead": 1}
    nothing = {"conversations": 0, "leads": 0, "mentions": 0, "documents": []}
    assert await shop.call("POST", "/person/find", {"email": EVE}) == nothing


async def test_the_log_holds_together_under_a_pseudonym(shop: Shop):
    await shop.log("member.added", email=EVE)
    await shop.log("member.added", email="steve@example.com")
    http, headers = shop.installation.http, shop.owner.headers
    before = (await http.get("/api/v1/audit-log/verify", headers=headers)).json()
    await shop.call("POST", "/person/erase", {"email": EVE})
    after = (await http.get("/api/v1/audit-log/verify", headers=headers)).json()
    assert (before["is_whole"], after["is_whole"]) == (True, True)
    log = (await http.get("/api/v1/audit-log", headers=headers)).json()["items"]
    assert not [entry for entry in log if names(str(entry), EVE)]
    assert "person-" in str([entry["facts"] for entry in log if entry["event"] == "member.added"])
    told = next(entry for entry in log if entry["event"] == "audit_log.pseudonymised")
    assert told["facts"] == {"entries": 1, "previous_end": before["last_hash"]}


async def test_an_export_holds_what_is_stored_and_nothing_of_others(shop: Shop):
    await shop.talk("mine", visitor_id="v-1", memory="something")
    await shop.talk("not mine", visitor_id="v-2")
    out = await shop.call("POST", "/person/export", {"visitor_id": "v-1"})
    [talk] = out["conversations"]
    assert [message["content"] for message in talk["messages"]] == ["mine"]
    assert (len(out["flow_turns"]), out["flow_states"][0]["variables"]) == (1, {"to": ["something"]})
    assert "not mine" not in str(out)


async def test_documents_go_with_their_vectors_when_that_is_asked_for(shop: Shop):
    http, headers = shop.installation.http, shop.owner.headers
    base = await shop.keep("A letter", f"Dear shop, yours, {EVE}")
    found = (await shop.call("POST", "/person/find", {"email": EVE}))["documents"]
    assert [one["name"] for one in found] == ["A letter"]
    await shop.call("POST", "/person/erase", {"email": EVE})
    assert (await shop.call("POST", "/person/find", {"email": EVE}))["documents"]
    assert (await shop.call("POST", "/person/erase", {"email": EVE, "with_documents": True}))["documents"] == 1
    found = await http.post(f"/api/v1/kb/{base}/search", json={"query": "letter"}, headers=headers)
    assert found.json()["results"] == []


@pytest.mark.parametrize("body", [{}, {"email": "", "visitor_id": " "}, {"email": "no address"}])
async def test_a_person_must_be_named(shop: Shop, body: dict):
    answer = await shop.installation.http.post(f"{PRIVACY}/person/erase", json=body, headers=shop.owner.headers)
    assert answer.status_code == 422


async def test_the_page_of_hosts_names_services_sources_and_pictures(shop: Shop):
    http, headers = shop.installation.http, shop.owner.headers
    look = {"avatar_url": "https://cdn.example.net/me.png"}
    base = await shop.keep("Opening hours", "We open at nine.")
    fields = {"name": "Pictured", "appearance": look, "knowledge_bases": [{"kb_id": base}]}
    draft = (await http.post("/api/v1/chatbots/draft", json=fields, headers=headers)).json()["draft_id"]
    await http.post(f"/api/v1/chatbots/draft/{draft}/deploy", headers=headers)
    secret = {"token": "sk-0123456789abcdef", "hosts": ["api.example.org"]}
    named = {"name": "Key", "type": "bearer", "settings": secret}
    assert (await http.post("/api/v1/credentials", json=named, headers=headers)).is_success
    found = {one["host"]: one["reasons"] for one in (await shop.call("GET", "/hosts"))["items"]}
    assert found["cdn.example.net"] == ["the picture of “Pictured”, by visitors' browsers"]
    assert found["api.example.org"] == ["credential “Key”"]
    assert "sk-0123456789abcdef" not in str(found)
