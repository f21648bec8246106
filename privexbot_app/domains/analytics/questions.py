"""What visitors ask most, and what bots could not answer, put together by meaning.

The vectors come from the packaged model, so no question leaves the machine.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from privexbot_app.domains.analytics.repository import AnswerRepository
from privexbot_app.domains.analytics.schemas import MOST_TOGETHER, TopQuestion, UnansweredGroup
from privexbot_app.domains.analytics.service import require_period, span_of
from privexbot_app.domains.conversations.figures import ConversationFigures, Missed
from privexbot_app.integrations.embeddings.base import Purpose
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.scope import Scope
from privexbot_app.kit.words import informative, tokenize
from privexbot_app.rag.clustering import group_by_meaning

PACKAGED_MODEL = "minilm"
LEAST_COSINE = 0.42
"""What questions of one meaning have in common at least, as the packaged model sees it; tried on questions of shops."""
MOST_WORDINGS = 400
MOST_EXAMPLES = 5
LONGEST_EMBEDDED = 500


async def list_top_questions(
    works: Workshop, scope: Scope, start: date, end: date, *, bot_id: UUID | None = None, limit: int = 20
) -> list[TopQuestion]:
    """What was asked most, most often first; wordings that differ in small words or their order count as one.

    Needs `conversations.read`. Raises PeriodInvalidError.
    """
    require_period(start, end)
    async with works.open(scope, read_only=True) as work:
        questions = await ConversationFigures(work).list_questions(span_of(start, end, bot_id))
    wordings: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for question in questions:
        wordings[wording_of(question)][question.strip()] += 1
    ranked = sorted(wordings.values(), key=lambda counter: -counter.total())[:limit]
    return [TopQuestion(question=counter.most_common(1)[0][0], count=counter.total()) for counter in ranked]


async def list_unanswered(
    works: Workshop,
    scope: Scope,
    start: date,
    end: date,
    *,
    bot_id: UUID | None = None,
    embedding: str = PACKAGED_MODEL,
) -> list[UnansweredGroup]:
    """Questions that were refused or answered badly and that nobody has settled, by meaning, most often first.

    Only the latest wordings are looked at. Needs `conversations.read`. Raises PeriodInvalidError.
    """
    require_period(start, end)
    async with works.open(scope, read_only=True) as work:
        missed = await ConversationFigures(work).list_missed(span_of(start, end, bot_id))
        settled = await work.repository(AnswerRepository).list_settled()
    by_wording: dict[tuple[str, ...], list[Missed]] = defaultdict(list)
    for one in missed:
        if str(one.message_id) not in settled:
            by_wording[wording_of(one.question)].append(one)
    wordings = list(by_wording.values())[:MOST_WORDINGS]
    texts = [ones[0].question[:LONGEST_EMBEDDED] for ones in wordings]
    vectors = await works.plugins.embedders.get(embedding).embed(texts, purpose=Purpose.DOCUMENT) if texts else []
    groups = group_by_meaning(vectors, least_cosine=LEAST_COSINE)
    found = [_group([one for at in group for one in wordings[at]]) for group in groups]
    return sorted(found, key=lambda group: (-group.count, -group.last_asked_at.timestamp()))


def wording_of(question: str) -> tuple[str, ...]:
    """What two questions have in common that say the same in nearly the same words.

    >>> wording_of("What are your opening hours?") == wording_of("opening hours, what are they")
    True
    """
    return tuple(sorted(informative(tokenize(question)))) or (question.strip().casefold(),)


def _group(ones: Sequence[Missed]) -> UnansweredGroup:
    ones = sorted(ones, key=lambda one: one.asked_at, reverse=True)[:MOST_TOGETHER]
    texts = Counter(one.question.strip() for one in ones)
    return UnansweredGroup(
        question=texts.most_common(1)[0][0],
        count=len(ones),
        refused=sum(one.reason == "refused" for one in ones),
        rated_down=sum(one.reason == "rated_down" for one in ones),
        examples=[text for text, _ in texts.most_common(MOST_EXAMPLES)],
        message_ids=[one.message_id for one in ones],
        last_asked_at=ones[0].asked_at,
    )
