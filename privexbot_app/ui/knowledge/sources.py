"""Sources in the words that people read: those of a draft with their pages, and those of a knowledge base. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from privexbot_app.domains.knowledge.schemas import (
    KnowledgeSourceView,
    LoadReport,
    SourcePage,
    SourceView,
    SyncReport,
)
from privexbot_app.integrations.source_connectors.base import NOT_TAKEN
from privexbot_app.kit.clock import utc_now
from privexbot_app.ui.formats import say_ago, say_count, say_exactly
from privexbot_app.ui.knowledge.connecting import SCHEDULES, say_schedule, say_source, say_type
from privexbot_app.ui.knowledge.views import kind_of, say_size

MOST_PLACES = 100
LONGEST_WAIT = timedelta(minutes=10)
NO_REASON = "This item could not be read."


@dataclass
class LeftOut:
    """Items of a source that were not taken in for one reason. more: how many are not named."""

    reason: str
    count: str
    places: list[str] = field(default_factory=list)
    more: str = ""


@dataclass
class SourceRow:
    """A source of a draft. problem: why it cannot be used, or empty. stopped: the limit that ended its load early."""

    id: str
    name: str
    kind: str
    details: str
    problem: str
    is_pending: bool = False
    has_pages: bool = False
    left_out: str = ""
    stopped: str = ""
    reasons: list[LeftOut] = field(default_factory=list)


@dataclass
class PageRow:
    """A page of a draft's source."""

    number: int
    name: str
    address: str
    characters: str
    problem: str
    is_included: bool
    is_edited: bool


@dataclass
class ConnectedRow:
    """A source of a knowledge base."""

    id: str
    name: str
    kind: str
    type: str
    documents: str
    synced: str
    synced_exactly: str
    changes: str
    problem: str
    left_out: str
    stopped: str
    reasons: list[LeftOut]
    can_sync: bool
    is_syncing: bool
    schedule: str
    schedules: list[dict[str, str]]
    next_sync: str


def source_row(view: SourceView) -> SourceRow:
    """A source for the draft's list."""
    report = view.report or LoadReport()
    return SourceRow(
        id=str(view.source_id),
        name=say_source(view.type, view.name),
        kind=kind_of(view.type, view.name),
        details=_details(view),
        problem=view.error.message if view.error else "",
        is_pending=view.status == "pending",
        has_pages=view.has_pages,
        left_out=say_left_out(report),
        stopped=report.stopped_because,
        reasons=left_out(report),
    )


def source_rows(views: Sequence[SourceView]) -> list[SourceRow]:
    """Sources for the draft's list: those that need attention first."""
    return sorted((source_row(view) for view in views), key=lambda row: not row.problem)


def page_row(page: SourcePage) -> PageRow:
    """A page for the review."""
    return PageRow(
        number=page.number,
        name=page.name or page.key,
        address=page.url or page.key,
        characters=say_count(page.characters, "character"),
        problem=page.error.message if page.error else "",
        is_included=page.is_included,
        is_edited=page.is_edited,
    )


def is_match(page: SourcePage, wanted: str) -> bool:
    """Whether a page has this in its title or its address."""
    return wanted.casefold() in f"{page.name} {page.url or page.key}".casefold()


def connected_row(view: KnowledgeSourceView) -> ConnectedRow:
    """A source for the knowledge base's list."""
    report = view.last_report or SyncReport()
    schedule, now = say_schedule(view.sync_minutes), utc_now()
    # A first load that has left no trace for so long has lost its worker; then it may be asked for again.
    is_new = view.can_sync and view.last_synced_at is None and now - view.created_at < LONGEST_WAIT
    next_minutes = (view.next_sync_at - now).total_seconds() / 60 if view.next_sync_at else 0
    return ConnectedRow(
        id=str(view.source_id),
        name=say_source(view.type, view.name),
        kind=kind_of(view.type, view.name),
        type=say_type(view.type),
        documents=say_count(view.documents, "document"),
        synced=say_ago(view.last_synced_at, now=now) if view.last_synced_at else "",
        synced_exactly=say_exactly(view.last_synced_at) if view.last_synced_at else "",
        changes=say_changes(report) if view.last_report and not report.error else "",
        problem=report.error.message if report.error else "",
        left_out=say_left_out(report),
        stopped=report.stopped_because,
        reasons=left_out(report),
        can_sync=view.can_sync,
        is_syncing=view.is_syncing or is_new,
        schedule=schedule,
        schedules=schedule_choices(schedule),
        next_sync=say_until(next_minutes) if view.next_sync_at else "",
    )


def schedule_choices(chosen: str) -> list[dict[str, str]]:
    """How often a source can be loaded again, with a choice that was made elsewhere."""
    choices = [{"value": value, "text": text} for value, text in SCHEDULES]
    if chosen in dict(SCHEDULES):
        return choices
    return [*choices, {"value": chosen, "text": f"Every {say_count(int(chosen), 'minute')}"}]


def say_until(minutes: float) -> str:
    """How long until the next load.

    >>> say_until(-3), say_until(1.2), say_until(90), say_until(3000)
    ('Next: any moment', 'Next: in 1 minute', 'Next: in 2 hours', 'Next: in 2 days')
    """
    if minutes < 1:
        return "Next: any moment"
    if minutes < 60:
        return f"Next: in {say_count(round(minutes), 'minute')}"
    hours = round(minutes / 60)
    return f"Next: in {say_count(hours, 'hour')}" if hours < 48 else f"Next: in {say_count(round(hours / 24), 'day')}"


def say_changes(report: SyncReport) -> str:
    """What a load has changed.

    >>> say_changes(SyncReport(added=2, unchanged=14)), say_changes(SyncReport(removed=1, kept_edited=1))
    ('2 added, 14 unchanged', '1 removed, 1 kept as edited')
    >>> say_changes(SyncReport())
    'Nothing has changed'
    """
    counts = (
        (report.added, "added"),
        (report.changed, "changed"),
        (report.removed, "removed"),
        (report.unchanged, "unchanged"),
        (report.kept_edited, "kept as edited"),
    )
    return ", ".join(f"{count:,} {word}" for count, word in counts if count) or "Nothing has changed"


def say_left_out(report: LoadReport) -> str:
    """How many items were not taken in.

    >>> say_left_out(LoadReport(skipped={"robots": 2, "duplicate": 1}, failed={"timeout": 1}))
    '3 skipped, 1 failed'
    """
    counts = ((sum(report.skipped.values()), "skipped"), (sum(report.failed.values()), "failed"))
    return ", ".join(f"{count:,} {word}" for count, word in counts if count)


def left_out(report: LoadReport) -> list[LeftOut]:
    """What was not taken in, by reason, the most frequent first. The report names only some of the items."""
    counts = {**report.skipped, **{code: count for code, count in report.failed.items() if code not in report.skipped}}
    groups = []
    for code, count in sorted(counts.items(), key=lambda pair: -pair[1]):
        notes = [note for note in report.notes if note.code == code]
        places = [note.where for note in notes[:MOST_PLACES]]
        reason = NOT_TAKEN.get(code) or (notes[0].message if notes else NO_REASON)
        more = count - len(places)
        groups.append(LeftOut(reason, f"{count:,}", places, f"and {more:,} more" if more > 0 else ""))
    return groups


def _details(view: SourceView) -> str:
    if not view.has_pages:
        return f"{say_size(view.size_bytes)} · {say_count(view.characters, 'character')}"
    found = max(view.report.found if view.report else 0, view.pages)
    if view.status == "pending":
        return f"{say_count(view.pages, 'page')} of {found:,} read" if found else "Waiting to begin"
    return f"{say_count(view.pages, 'page')} · {say_count(view.characters, 'character')}"
