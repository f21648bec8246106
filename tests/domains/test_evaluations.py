"""Golden questions: kept, imported, promoted, run, compared, and a gate before deployment."""

import pytest

from privexbot_app.domains.evaluations.service import CsvInvalidError, parse_csv
from tests.api.test_story import make_base, make_bot
from tests.installation import Installation, Person

GOLDEN = {"question": "What does a berth for one night cost?", "expected_phrases": ["24  EUROS"]}
UNANSWERABLE = {"question": "Who won the regatta?", "expected_phrases": ["the winner"]}


async def call(
    installation: Installation, person: Person, method: str, path: str, body: object = None, status: int = 0
):
    response = await installation.http.request(method, f"/api/v1{path}", json=body, headers=person.headers)
    assert response.status_code == status if status else response.is_success, response.text
    return response.json() if response.content else {}


async def run(installation: Installation, person: Person, base_id: str) -> dict:
    await call(installation, person, "POST", f"/kb/{base_id}/golden-runs", status=202)
    return (await call(installation, person, "GET", f"/kb/{base_id}/golden-runs"))["items"][0]


async def test_a_run_tells_what_is_found_and_at_which_place(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    for golden in (GOLDEN, UNANSWERABLE):
        await call(installation, ann, "POST", f"/kb/{base_id}/golden-questions", golden, 201)

    done = await run(installation, ann, base_id)

    assert (done["status"], done["question_count"]) == ("finished", 2)
    assert (done["recall"], done["mean_reciprocal_rank"]) == (0.5, 0.5)
    assert [result["rank"] for result in done["results"]] == [1, None]
    assert "24 euros" in done["results"][0]["answer"]


async def test_a_second_run_shows_the_answers_that_changed(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    await call(installation, ann, "POST", f"/kb/{base_id}/golden-questions", GOLDEN, 201)
    first = await run(installation, ann, base_id)
    assert (await run(installation, ann, base_id))["changed_answers"] == 0
    documents = await call(installation, ann, "GET", f"/kb/{base_id}/documents")
    document_id = documents["items"][0]["document_id"]
    await call(installation, ann, "PATCH", f"/kb/{base_id}/documents/{document_id}", {"is_enabled": False})

    changed = await run(installation, ann, base_id)

    assert changed["changed_answers"] == 1
    assert changed["results"][0]["previous_answer"] == first["results"][0]["answer"]
    assert changed["recall"] == 0


async def test_a_gate_keeps_a_bot_from_being_deployed_until_the_run_passes(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    await call(installation, ann, "POST", f"/kb/{base_id}/golden-questions", GOLDEN, 201)
    await call(installation, ann, "PUT", f"/kb/{base_id}/quality-gate", {"minimum_recall": 0.9})
    fields = {"name": "Bot", "knowledge_bases": [{"kb_id": base_id}]}
    draft = await call(installation, ann, "POST", "/chatbots/draft", fields, 201)
    deploy = f"/chatbots/draft/{draft['draft_id']}/deploy"

    refused = await call(installation, ann, "POST", deploy, status=422)
    assert refused["errors"][0]["code"] == "quality_gate"
    assert "not been run" in refused["errors"][0]["message"]

    await run(installation, ann, base_id)
    await call(installation, ann, "POST", deploy, status=201)


async def test_a_real_answer_becomes_a_golden_question(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    bot = await make_bot(installation, ann, base_id)
    answer = await call(installation, ann, "POST", f"/bots/{bot['bot_id']}/chat", {"message": GOLDEN["question"]})
    body = {"message_id": answer["message_id"]}

    promoted = await call(installation, ann, "POST", f"/kb/{base_id}/golden-questions/promote", body, 201)

    assert (promoted["question"], promoted["origin"]) == (GOLDEN["question"], "promoted")
    assert (await run(installation, ann, base_id))["recall"] == 1


async def test_nothing_can_be_run_without_questions(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    refused = await call(installation, ann, "POST", f"/kb/{base_id}/golden-runs", status=422)
    assert refused["code"] == "no_golden_questions"


async def test_deleting_a_knowledge_base_takes_its_questions_and_runs_along(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    await call(installation, ann, "POST", f"/kb/{base_id}/golden-questions", GOLDEN, 201)
    await run(installation, ann, base_id)
    await call(installation, ann, "DELETE", f"/kb/{base_id}", status=204)
    await call(installation, ann, "GET", f"/kb/{base_id}/golden-questions", status=404)


def test_csv_is_read_with_several_phrases_and_documents():
    questions = parse_csv(
        '\ufeffquestion,phrases,document\n"When, exactly?",8:30 | half past eight,\nWhere?,,map.pdf\n'
    )
    assert questions[0].question == "When, exactly?"
    assert questions[0].expected_phrases == ["8:30", "half past eight"]
    assert questions[1].expected_document == "map.pdf"


def test_every_wrong_line_of_a_csv_is_named():
    with pytest.raises(CsvInvalidError) as caught:
        parse_csv("question,phrases\nFine?,yes\n,nothing asked\nNothing expected?,\n")
    assert [problem.field for problem in caught.value.problems] == ["line 3", "line 4"]


def test_a_csv_without_its_header_is_refused():
    with pytest.raises(CsvInvalidError):
        parse_csv("What?,this\n")
