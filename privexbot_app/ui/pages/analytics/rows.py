"""Figures and questions as the page shows them. Pure."""

from dataclasses import dataclass
from typing import Any

from privexbot_app.domains.analytics.schemas import AnswerView, DayFigures, Figures, Funnel, Report, UnansweredGroup
from privexbot_app.ui.formats import say_count


@dataclass
class FigureRow:
    """One line of the tables by day, bot and channel."""

    name: str
    conversations: str
    answers: str
    resolved: str
    refused: str
    time: str
    thumbs: str
    cost: str


@dataclass
class GroupRow:
    """Questions of one meaning that stayed unanswered. number: its place in the list."""

    number: int
    question: str
    count: str
    reason: str
    examples: list[str]


@dataclass
class QuestionRow:
    """A question and how often it was asked."""

    question: str
    count: str


@dataclass
class AnswerRow:
    """A written answer that waits to be accepted."""

    id: str
    question: str
    answer: str


@dataclass
class NodeRow:
    """One node of a funnel."""

    node_id: str
    type: str
    reached: str
    ports: str
    failed: str
    waiting: str


def figure_row(name: str, figures: Figures) -> FigureRow:
    """Figures as words."""
    return FigureRow(
        name=name,
        conversations=f"{figures.conversations:,}",
        answers=f"{figures.answers:,}",
        resolved=say_share(figures.resolution_rate),
        refused=say_share(figures.fallback_rate),
        time=say_times(figures.p50_ms, figures.p95_ms),
        thumbs=f"{figures.thumbs_up:,} / {figures.thumbs_down:,}",
        cost=say_cost(figures.cost),
    )


def chart_row(day: DayFigures) -> dict[str, Any]:
    """A day as the charts read it; a day without answers has no times."""
    return {
        "day": f"{day.day:%-d %b}",
        "Conversations": day.conversations,
        "Answered": day.answers - day.refusals,
        "Refused": day.refusals,
        "Median": day.p50_ms,
        "95 of 100": day.p95_ms,
    }


def tables_of(report: Report) -> dict[str, list[FigureRow]]:
    """By day (latest first, only days with something), bot and channel."""
    return {
        "days": [figure_row(f"{day.day:%-d %b %Y}", day) for day in reversed(report.days) if day.messages],
        "bots": [figure_row(bot.name or "A deleted bot", bot) for bot in report.bots],
        "channels": [figure_row(channel.channel, channel) for channel in report.channels],
    }


def group_row(number: int, group: UnansweredGroup) -> GroupRow:
    """A group with why it is one."""
    parts = [(group.refused, "refused"), (group.rated_down, "rated down")]
    return GroupRow(
        number=number,
        question=group.question,
        count=say_count(group.count, "time"),
        reason=", ".join(f"{count} {word}" for count, word in parts if count),
        examples=[text for text in group.examples if text != group.question],
    )


def answer_row(view: AnswerView) -> AnswerRow:
    """A written answer."""
    return AnswerRow(str(view.id), view.question, view.answer)


def node_rows(funnel: Funnel) -> list[NodeRow]:
    """The nodes, with the share of conversations that reach each."""
    return [
        NodeRow(
            node_id=node.node_id,
            type=node.type,
            reached=f"{node.reached:,} ({say_share(node.reached / funnel.conversations)})",
            ports=", ".join(f"{port}: {count:,}" for port, count in node.ports.items()) or "–",
            failed=f"{node.failed:,}",
            waiting=f"{node.waiting:,}",
        )
        for node in funnel.nodes
    ]


def say_share(share: float | None) -> str:
    """A rate in percent.

    >>> say_share(0.3333), say_share(None)
    ('33 %', '–')
    """
    return "–" if share is None else f"{share:.0%}".replace("%", " %")


def say_times(middle_ms: int | None, slow_ms: int | None) -> str:
    """The median and the slow end.

    >>> say_times(850, 4200), say_times(None, None)
    ('0.8 s / 4.2 s', '–')
    """
    return "–" if middle_ms is None or slow_ms is None else f"{middle_ms / 1000:.1f} s / {slow_ms / 1000:.1f} s"


def say_cost(cost: float | None) -> str:
    """An amount in the operator's currency.

    >>> say_cost(12.3456), say_cost(0), say_cost(None)
    ('12.35', '0.00', '–')
    """
    return "–" if cost is None else f"{cost:,.2f}"
