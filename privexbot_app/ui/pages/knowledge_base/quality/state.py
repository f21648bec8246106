"""What the tab with golden questions shows. While a run is on its way the page asks again every two seconds."""

from collections.abc import Sequence
from typing import Any

import reflex as rx
from pydantic import ValidationError

from privexbot_app.domains.evaluations.schemas import GateView, GoldenRunView, NewGoldenQuestion
from privexbot_app.domains.evaluations.service import CsvInvalidError, EvaluationService, parse_csv
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import InvalidError
from privexbot_app.kit.pagination import PageParams
from privexbot_app.kit.scope import Scope
from privexbot_app.ui.formats import say_count
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.knowledge.golden import (
    RUNNING,
    GoldenRow,
    RunRow,
    golden_rows,
    last_finished,
    recall_points,
    run_row,
    say_line_problem,
    say_share,
)
from privexbot_app.ui.notify import message_of
from privexbot_app.ui.pages.knowledge_base.state import BaseState

PAGE_SIZE = 50
RUNS_SHOWN = 20
LONGEST_PASTE = 300_000
"""A form travels as one message of the websocket, which ends at a million bytes."""
PASTE_SOMETHING = f"Paste a CSV text of up to {LONGEST_PASTE:,} characters, or choose a file."
USUAL_MINIMUM_PERCENT = 80
DIALOGS = ("question", "csv")
OUTCOMES = ("all", "missed", "changed")
QUESTION_SENTENCES = {
    "question": "Enter a question of up to 4,000 characters.",
    "expected_phrases": "Up to 20 phrases of up to 500 characters, each on a line of its own.",
    "expected_document": "A name of up to 255 characters.",
    "": "Say which phrase, or which document, must be found.",
}


class QualityState(BaseState):
    """Golden questions with what became of them, the runs, the gate, and the dialogs that add to them.

    golden_dialog: question, csv or empty. figures_of_run: recall, mean reciprocal rank, changed answers.
    gate_verdict: passed, missed, waiting (for a first run) or empty when the gate is off.
    """

    golden: list[GoldenRow] = []
    golden_total: int = 0
    golden_shown: int = 0
    golden_page: int = 1
    wanted_outcome: str = "all"
    runs: list[RunRow] = []
    recall_line: str = ""
    figures_of_run: list[str] = []
    is_running: bool = False
    run_failed: bool = False
    gate_is_on: bool = False
    gate_percent: int = USUAL_MINIMUM_PERCENT
    gate_verdict: str = ""
    gate_problem: str = ""
    golden_dialog: str = ""
    golden_problems: dict[str, str] = {}
    line_problems: list[str] = []
    forgetting_id: str = ""
    forgetting: str = ""
    quality_id: str = ""

    @rx.var
    def is_quality_shown(self) -> bool:
        """Whether what is held belongs to the knowledge base that is shown."""
        return self.quality_id == self.held_id

    @rx.var
    def golden_pages(self) -> int:
        """How many pages the wanted questions fill."""
        return -(-self.golden_shown // PAGE_SIZE)

    @rx.var
    def golden_page_words(self) -> str:
        """Which page is shown."""
        return f"Page {self.golden_page:,} of {self.golden_pages:,}"

    @rx.var
    def run_words(self) -> str:
        """What is going on."""
        return f"Asking {say_count(self.golden_total, 'golden question')}…"

    @rx.event
    async def open_quality(self) -> None:
        """Read questions, runs and the gate of the knowledge base that is shown."""
        scope = await self.scope()
        if self.quality_id != self.held_id:
            self.reset()
        await self._load_quality(scope)
        self.quality_id = self.held_id

    @rx.event
    async def watch_run(self) -> Any:
        """Look whether the run is done."""
        scope = await self.scope()
        async with self.works.open(scope, read_only=True) as work:
            newest = await EvaluationService(work).list_runs(parse_id(self.held_id), PageParams(1))
        if newest.items and newest.items[0].status in RUNNING:
            return None
        await self._load_quality(scope)
        return None if self.run_failed else rx.toast.success("The run is finished.")

    @rx.event
    async def start_run(self) -> None:
        """Ask every golden question."""
        scope = await self.scope()
        async with self.works.open(scope) as work:
            await EvaluationService(work).start_run(parse_id(self.held_id))
        await self._load_quality(scope)

    @rx.event
    async def choose_outcome(self, outcome: str | list[str]) -> None:
        """Show all questions, those not found, or those answered differently."""
        scope = await self.scope()
        self.wanted_outcome = str(outcome) if str(outcome) in OUTCOMES else "all"
        self.golden_page = 1
        await self._load_quality(scope)

    @rx.event
    async def turn_golden(self, by: int) -> None:
        """Show the next or the previous page of questions."""
        scope = await self.scope()
        step = 1 if by == 1 else -1
        self.golden_page = min(max(1, self.golden_page + step), max(1, self.golden_pages))
        await self._load_quality(scope)

    @rx.event
    def open_golden_dialog(self, kind: str) -> None:
        """Open a dialog afresh; anything unknown closes it."""
        self.golden_dialog = kind if kind in DIALOGS else ""
        self.golden_problems, self.line_problems = {}, []

    @rx.event
    def close_golden_dialog(self, is_open: bool) -> None:
        """Close the dialog."""
        if not is_open:
            self.golden_dialog = ""

    @rx.event
    async def add_golden(self, form: dict[str, Any]) -> Any:
        """Add the question in the form."""
        scope = await self.scope()
        phrases = [line.strip() for line in str(form.get("expected_phrases", "")).splitlines() if line.strip()]
        try:
            new = NewGoldenQuestion(
                question=str(form.get("question", "")).strip(),
                expected_phrases=phrases,
                expected_document=str(form.get("expected_document", "")).strip(),
            )
        except ValidationError as error:
            self.golden_problems = _sentences(error)
            return None
        return await self._take(scope, [new], origin="typed")

    @rx.event
    async def import_golden(self, form: dict[str, Any]) -> Any:
        """Add the questions of a CSV text."""
        scope = await self.scope()
        content = str(form.get("content", ""))
        self.golden_problems, self.line_problems = {}, []
        if not content.strip() or len(content) > LONGEST_PASTE:
            self.golden_problems = {
                "content": f"Paste a CSV text of up to {LONGEST_PASTE:,} characters, or choose a file."
            }
            return None
        try:
            questions = parse_csv(content)
        except CsvInvalidError as error:
            self.golden_problems = {"content": error.message}
            self.line_problems = [say_line_problem(problem) for problem in error.problems]
            return None
        if not questions:
            self.golden_problems = {"content": "There is no line after the one with the names of the columns."}
            return None
        return await self._take(scope, questions, origin="imported")

    @rx.event
    def ask_forget(self, question_id: str) -> None:
        """Ask whether a shown golden question is to be deleted."""
        found = [row for row in self.golden if row.id == question_id]
        self.forgetting_id = found[0].id if found else ""
        self.forgetting = found[0].question if found else self.forgetting

    @rx.event
    def keep_golden(self, is_open: bool) -> None:
        """Close the question."""
        if not is_open:
            self.forgetting_id = ""

    @rx.event
    async def forget_golden(self) -> None:
        """Delete the golden question that was asked about."""
        scope = await self.scope()
        chosen, self.forgetting_id = parse_id(self.forgetting_id), ""
        async with self.works.open(scope) as work:
            await EvaluationService(work).delete_question(parse_id(self.held_id), chosen)
        await self._load_quality(scope)

    @rx.event
    async def switch_gate(self, is_on: bool) -> None:
        """Put the gate up, or take it away."""
        scope = await self.scope()
        await self._set_gate(scope, self.gate_percent if is_on is True else None)

    @rx.event
    async def change_minimum(self, percent: str) -> None:
        """Ask for another share of questions that must be found."""
        scope = await self.scope()
        wanted = str(percent).strip()
        if not wanted.isdecimal() or not 1 <= int(wanted) <= 100:
            self.gate_problem = "A number from 1 to 100."
            return
        await self._set_gate(scope, int(wanted))

    async def _take(self, scope: Scope, questions: Sequence[NewGoldenQuestion], *, origin: str) -> Any:
        try:
            async with self.works.open(scope) as work:
                await EvaluationService(work).add_questions(parse_id(self.held_id), questions, origin=origin)
        except InvalidError as error:
            self.golden_problems = {"": message_of(error)}
            return None
        self.golden_dialog, self.golden_problems, self.wanted_outcome = "", {}, "all"
        await self._load_quality(scope)
        return rx.toast.success(f"Added {say_count(len(questions), 'golden question')}.")

    async def _set_gate(self, scope: Scope, percent: int | None) -> None:
        async with self.works.open(scope) as work:
            minimum = percent / 100 if percent is not None else None
            gate = await EvaluationService(work).set_gate(parse_id(self.held_id), minimum)
        self._show_gate(gate)

    async def _load_quality(self, scope: Scope) -> None:
        base_id = parse_id(self.held_id)
        async with self.works.open(scope, read_only=True) as work:
            service = EvaluationService(work)
            runs = (await service.list_runs(base_id, PageParams(RUNS_SHOWN))).items
            questions = await service.list_questions(base_id)
            self._show_gate(await service.get_gate(base_id))
        self._show_runs(runs)
        rows = golden_rows(questions, last_finished(runs))
        wanted = [row for row in rows if _is_wanted(row, self.wanted_outcome)]
        self.golden_total, self.golden_shown = len(rows), len(wanted)
        self.golden_page = min(self.golden_page, max(1, self.golden_pages))
        first = (self.golden_page - 1) * PAGE_SIZE
        self.golden = wanted[first : first + PAGE_SIZE]

    def _show_runs(self, runs: Sequence[GoldenRunView]) -> None:
        last, now = last_finished(runs), utc_now()
        self.runs = [run_row(run, now=now) for run in runs]
        self.recall_line = recall_points(runs)
        self.is_running = bool(runs) and runs[0].status in RUNNING
        self.run_failed = bool(runs) and runs[0].status == "failed"
        self.figures_of_run = (
            [say_share(last.recall), f"{last.mean_reciprocal_rank:.2f}", f"{last.changed_answers:,}"] if last else []
        )

    def _show_gate(self, gate: GateView) -> None:
        self.gate_problem = ""
        self.gate_is_on = gate.minimum_recall is not None
        if gate.minimum_recall is None:
            self.gate_verdict = ""
            return
        self.gate_percent = round(gate.minimum_recall * 100)
        self.gate_verdict = "passed" if gate.is_passed else "waiting" if gate.last_recall is None else "missed"


def _is_wanted(row: GoldenRow, outcome: str) -> bool:
    return outcome == "all" or (row.outcome == "missed" if outcome == "missed" else bool(row.earlier))


def _sentences(error: ValidationError) -> dict[str, str]:
    """A sentence for each field that is wrong; under "" what is wrong with the whole."""
    names = {str(problem["loc"][0]) if problem["loc"] else "" for problem in error.errors()}
    return {name: QUESTION_SENTENCES[name] for name in sorted(names)}
