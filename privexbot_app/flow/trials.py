"""Runs the tests that a flow file holds, with fakes for the world; for `privexbot flow test` and pytest alike."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from privexbot_app.flow.flow_file import FlowTrial, TrialFakes, TrialTurn
from privexbot_app.flow.formats.base import ImportedFlow
from privexbot_app.flow.graph import FlowInvalidError
from privexbot_app.flow.ports import HttpAnswer
from privexbot_app.flow.spec import GraphSpec
from privexbot_app.flow.testing import (
    FakeAnswers,
    FakeCode,
    FakeDatabase,
    FakeKnowledge,
    FakeLeads,
    FakeMessenger,
    FakeModels,
    FakeWeb,
    FlowFailedError,
    FlowTest,
)

LONGEST_QUOTE = 400


@dataclass(frozen=True)
class TrialResult:
    """How one test went. problems: sentences; none for a test that passed."""

    name: str
    problems: Sequence[str]


async def run_trials(flow: ImportedFlow) -> list[TrialResult]:
    """Every test of a flow, each with a conversation of its own."""
    return [TrialResult(trial.name, await run_trial(flow.graph, trial)) for trial in flow.tests]


async def run_trial(graph: GraphSpec, trial: FlowTrial) -> list[str]:
    """One test. Returns what is not as it must be."""
    leads, messenger = FakeLeads(), FakeMessenger()
    try:
        talk = FlowTest(graph, **_fakes(trial.fakes), leads=leads, messenger=messenger)
    except FlowInvalidError as error:
        return [f"The flow cannot run. {problem.field}: {problem.message}" for problem in error.problems]
    if trial.variables:
        talk.variables = {"data": trial.variables}
    problems: list[str] = []
    for number, turn in enumerate(trial.talk, start=1):
        found = await _take(talk, turn)
        problems += [f"Turn {number}: {problem}" for problem in found]
        if found:
            break
    for name, wanted in trial.outputs.items():
        if talk.outputs.get(name) != wanted:
            problems.append(f"The output “{name}” is {_shown(talk.outputs.get(name))}, not {_shown(wanted)}.")
    counts: dict[str, Sequence[Any]] = {"leads": leads.captured, "mails": messenger.mails, "notices": messenger.notices}
    for word, made in counts.items():
        expected = getattr(trial, word)
        if expected is not None and len(made) != expected:
            problems.append(f"There are {len(made)} {word}, not {expected}.")
    return problems


async def _take(talk: FlowTest, turn: TrialTurn) -> list[str]:
    try:
        if turn.hand_back is not None:
            said = await talk.hand_back(**turn.hand_back)
        else:
            said = await talk.say(turn.say, data=turn.data)
    except FlowFailedError as error:
        return [] if turn.fails == error.code else [f"The flow broke off: {error}."]
    if turn.fails:
        return [f"The flow should have ended with {turn.fails}; it said {_shown(said)}."]
    problems = [f"{_shown(text)} is not in {_shown(said)}." for text in turn.expect if not _is_in(text, said)]
    problems += [f"{_shown(text)} must not be in {_shown(said)}." for text in turn.expect_not if _is_in(text, said)]
    if turn.waits is not None and turn.waits != talk.is_waiting:
        problems.append("The flow goes on waiting." if talk.is_waiting else "The flow does not wait.")
    return problems


def _is_in(text: str, said: str) -> bool:
    return " ".join(text.split()).casefold() in " ".join(said.split()).casefold()


def _fakes(fakes: TrialFakes) -> dict[str, Any]:
    knowledge = FakeKnowledge(fakes.knowledge)
    replies = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in fakes.models]
    return {
        "models": FakeModels(replies or ("Hello.",)),
        "knowledge": knowledge,
        "answers": FakeAnswers(knowledge),
        "web": FakeWeb({url: _answer(one.status, one.body) for url, one in fakes.web.items()}),
        "code": FakeCode(fakes.code),
        "database": FakeDatabase(fakes.database),
    }


def _answer(status: int, body: Any) -> HttpAnswer:
    return HttpAnswer(status, {}, body, None) if isinstance(body, str) else HttpAnswer(status, {}, "", body)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"
