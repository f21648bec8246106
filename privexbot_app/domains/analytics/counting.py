"""Facts become figures, and figures of days become figures of periods. Pure; reads nothing.

Times are kept as a histogram whose buckets grow by a tenth, so that percentiles of a year are as exact as those of a
day: to one twentieth.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from privexbot_app.domains.analytics.prices import Prices, cost_of
from privexbot_app.domains.analytics.schemas import Figures
from privexbot_app.domains.conversations.figures import MessageFact, StartedConversation

GROWTH = math.log(1.1)

Key = tuple[UUID, str]
"""A bot and a channel."""


@dataclass
class Tally:
    """Counts that add up. latencies: answers by bucket; tokens: [prompt, completion] by model."""

    conversations: int = 0
    visitors: int = 0
    anonymous: int = 0
    resolved: int = 0
    handed_over: int = 0
    messages: int = 0
    answers: int = 0
    refusals: int = 0
    thumbs_up: int = 0
    thumbs_down: int = 0
    latencies: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, list[int]] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        """Add another tally to this one."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for bucket, answers in other.latencies.items():
            self.latencies[bucket] = self.latencies.get(bucket, 0) + answers
        for model, (prompt, completion) in other.tokens.items():
            before = self.tokens.get(model, [0, 0])
            self.tokens[model] = [before[0] + prompt, before[1] + completion]


COUNTS = tuple(name for name, kind in Tally.__annotations__.items() if kind is int)


def count_facts(started: Iterable[StartedConversation], messages: Iterable[MessageFact]) -> dict[Key, Tally]:
    """The tallies of one day, by bot and channel."""
    tallies: dict[Key, Tally] = {}
    named: dict[Key, set[str]] = {}
    for one in started:
        key = one.bot_id, one.channel
        tally = tallies.setdefault(key, Tally())
        tally.conversations += 1
        tally.resolved += one.is_resolved
        tally.handed_over += one.is_handed_over
        if one.visitor_id is None:
            tally.anonymous += 1
        else:
            named.setdefault(key, set()).add(one.visitor_id)
    for message in messages:
        _count_message(tallies.setdefault((message.bot_id, message.channel), Tally()), message)
    for key, tally in tallies.items():
        tally.visitors = tally.anonymous + len(named.get(key, ()))
    return tallies


def _count_message(tally: Tally, message: MessageFact) -> None:
    tally.messages += 1
    if message.role != "bot":
        return
    tally.answers += 1
    tally.refusals += message.outcome == "refused"
    tally.thumbs_up += message.rating == 1
    tally.thumbs_down += message.rating == -1
    bucket = bucket_of(message.latency_ms)
    tally.latencies[bucket] = tally.latencies.get(bucket, 0) + 1
    if message.prompt_tokens or message.completion_tokens:
        tokens = tally.tokens.setdefault(message.model, [0, 0])
        tokens[0] += message.prompt_tokens
        tokens[1] += message.completion_tokens


def bucket_of(milliseconds: int) -> str:
    """The bucket of a time, as JSON keys it.

    >>> bucket_of(0), bucket_of(1), bucket_of(1000)
    ('0', '0', '72')
    """
    return str(round(math.log(max(1, milliseconds)) / GROWTH))


def percentile(latencies: Mapping[str, int], share: float) -> int | None:
    """The time within which a share of the answers came, in milliseconds; None without answers.

    >>> percentile({bucket_of(100): 95, bucket_of(4000): 5}, 0.5)
    98
    >>> percentile({}, 0.5) is None
    True
    """
    left = share * sum(latencies.values())
    for bucket in sorted(latencies, key=int):
        left -= latencies[bucket]
        if left <= 0:
            return round(math.exp(int(bucket) * GROWTH))
    return None


def figures_of(tally: Tally, prices: Prices, *, visitors: int | None = None) -> Figures:
    """A tally as people read it. visitors: of a period, in which one visitor may come on several days."""
    prompt, completion = (sum(tokens[part] for tokens in tally.tokens.values()) for part in (0, 1))
    return Figures(
        conversations=tally.conversations,
        visitors=tally.visitors if visitors is None else visitors,
        messages=tally.messages,
        answers=tally.answers,
        refusals=tally.refusals,
        resolved=tally.resolved,
        handed_over=tally.handed_over,
        thumbs_up=tally.thumbs_up,
        thumbs_down=tally.thumbs_down,
        prompt_tokens=prompt,
        completion_tokens=completion,
        cost=cost_of(tally.tokens, prices),
        resolution_rate=_share(tally.resolved, tally.conversations),
        fallback_rate=_share(tally.refusals, tally.answers),
        p50_ms=percentile(tally.latencies, 0.5),
        p95_ms=percentile(tally.latencies, 0.95),
    )


def sum_up(tallies: Sequence[Tally]) -> Tally:
    """All of them together."""
    whole = Tally()
    for tally in tallies:
        whole.add(tally)
    return whole


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
