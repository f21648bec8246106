"""Functions that build the dashboard's addresses, so that none is typed twice."""

from urllib.parse import quote


def overview() -> str:
    """The first page after signing in."""
    return "/"


def sign_in(*, next_path: str = "") -> str:
    """The sign-in page; `next_path` is where to go afterwards."""
    is_worth_it = next_path.startswith("/") and not next_path.startswith("//") and next_path not in {"/", "/sign-in"}
    return f"/sign-in?next={quote(next_path)}" if is_worth_it else "/sign-in"


def register(*, next_path: str = "") -> str:
    """The registration page; `next_path` is where to go afterwards."""
    return f"/register?next={quote(next_path)}" if next_path else "/register"


def invitation() -> str:
    """Where an invitation's link leads; its token stands behind the #."""
    return "/invitation"


def team() -> str:
    """The people of the organization."""
    return "/team"


def forgot_password() -> str:
    """Where to ask for a link that sets a new password."""
    return "/forgot-password"


def security() -> str:
    """The user's ways in, second factor and devices."""
    return "/account/security"


def knowledge_bases() -> str:
    """The list of knowledge bases."""
    return "/knowledge"


def new_knowledge_base(draft_id: str = "") -> str:
    """The wizard that makes a knowledge base; with an id it goes on with a draft."""
    return f"/knowledge/new?draft={draft_id}" if draft_id else "/knowledge/new"


def knowledge_base(base_id: str) -> str:
    """One knowledge base."""
    return f"/knowledge/{base_id}"


def document(base_id: str, document_id: str) -> str:
    """One document with its text and chunks."""
    return f"/knowledge/{base_id}/documents/{document_id}"


def chatbots() -> str:
    """The list of chatbots."""
    return "/chatbots"


def chatbot_builder(draft_id: str) -> str:
    """The builder of a draft."""
    return f"/chatbots/drafts/{draft_id}"


def chatbot(bot_id: str) -> str:
    """One live chatbot."""
    return f"/chatbots/{bot_id}"


def chatflows() -> str:
    """The list of chatflows."""
    return "/chatflows"


def chatflow_editor(draft_id: str, *, versions: bool = False) -> str:
    """The editor of a draft; with its versions beside the canvas if wanted."""
    return f"/chatflows/drafts/{draft_id}?versions=1" if versions else f"/chatflows/drafts/{draft_id}"


def connections() -> str:
    """The services that are connected."""
    return "/connections"


def start_connection(provider: str) -> str:
    """Where a browser goes to connect a service; leads away from the dashboard and back to it."""
    return f"/api/v1/connections/{quote(provider, safe='')}/start"


def account() -> str:
    """The user's own page."""
    return "/account"
