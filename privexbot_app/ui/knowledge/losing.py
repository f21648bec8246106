"""What people lose when they delete a knowledge base, said before they do."""

from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.knowledge.schemas import KnowledgeBaseView
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.pagination import LARGEST_PAGE_SIZE, PageParams
from privexbot_app.ui.formats import say_count


async def say_loss(work: Work, base: KnowledgeBaseView) -> str:
    """What goes with a knowledge base, and which chatbots will miss it."""
    documents = say_count(base.documents.total, "document")
    loss = f"{documents} and {say_count(base.chunk_count, 'chunk')} will be gone for good."
    bots = await BotService(work).list_bots(PageParams(limit=LARGEST_PAGE_SIZE), browser_url="")
    names = [bot.name for bot in bots.items if any(used.kb_id == base.id for used in bot.config.knowledge_bases)]
    return f"{loss} These chatbots answer from it: {', '.join(names)}." if names else loss
