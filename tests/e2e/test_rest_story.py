"""The main job against the running product, through the REST API alone, with real files."""

import json
from pathlib import Path

import pytest

from tests.e2e.model_server import ModelServer, running_model_server
from tests.e2e.product import Client, Product, running_product

pytestmark = pytest.mark.e2e


@pytest.fixture
def files(data: Path) -> list[Path]:
    """Two whole documents and files of many formats."""
    return sorted((data / "retrieval/chroma_chunking_eval/docs").iterdir())


def test_a_pile_of_documents_becomes_a_cited_answer_without_a_model(client: Client, files: list[Path]):
    base_id = client.make_base(files)
    base = client.wait_until_settled(base_id)
    assert base["status"] == "ready", base
    bot = client.deploy_bot(base_id)

    answer = client.ask(bot["bot_id"], "What will Putin do according to the president if Ukraine is not helped?")

    assert "No language model is connected" in answer["response"]
    assert answer["citations"], answer
    for citation in answer["citations"]:
        path = f"/api/v1/kb/{base_id}/documents/{citation['document_id']}/text"
        text = client.json("GET", path)["text"]
        passage = text[citation["start"] : citation["end"]]
        assert passage
        assert " ".join(passage.split())[:60] in citation["snippet"]


def test_what_the_documents_do_not_hold_is_not_guessed(client: Client, files: list[Path]):
    base_id = client.make_base(files)
    client.wait_until_settled(base_id)
    bot = client.deploy_bot(base_id)

    answer = client.ask(bot["bot_id"], "How do I reset the password of my coffee machine?")

    assert answer["citations"] == []
    assert "could not find" in answer["response"]


def test_a_language_model_streams_with_citations_and_stops_when_the_visitor_leaves(
    tmp_path_factory: pytest.TempPathFactory, files: list[Path]
):
    with running_model_server() as model, _product_with(model, tmp_path_factory) as product:
        client = product.client()
        base_id = client.make_base(files)
        client.wait_until_settled(base_id)
        bot = client.deploy_bot(base_id)
        path = f"/api/v1/bots/{bot['bot_id']}/chat"

        model.script = ["The president ", "said that Putin ", "will not stop at Ukraine [1]", "."]
        model.seconds_per_token = 0.1  # tokens that arrive together are passed on together
        question = "Will Putin stop at Ukraine?"
        names, texts = [], []
        with client.stream("POST", path, json={"message": question, "stream": True}) as response:
            for line in response.iter_lines():
                if line.startswith("event: "):
                    names.append(line.removeprefix("event: "))
                if line.startswith("data: "):
                    texts.append(json.loads(line.removeprefix("data: ")))
        assert names[0] == "run.started"
        assert names.count("token") >= 3
        assert names[-1] == "run.finished"
        assert texts[-1]["response"] == "".join(model.script)
        assert texts[-1]["citations"][0]["index"] == 1
        prompt = model.requests[-1]["messages"]
        assert question in prompt[-1]["content"]
        assert "<passages" in prompt[-1]["content"]

        model.script = ["word "] * 2000
        model.seconds_per_token = 0.01
        with client.stream("POST", path, json={"message": question, "stream": True}) as response:
            lines = response.iter_lines()
            started = next(line for line in lines if line.startswith("data: "))
            next(line for line in lines if line == "event: token")
        # The answer outlives its reader, until somebody says stop.
        run_id = json.loads(started.removeprefix("data: "))["run_id"]
        assert client.delete(path.removesuffix("/chat") + f"/runs/{run_id}").status_code == 204
        model.wait_for_hang_up()
        assert model.sent_tokens < 1000


def test_the_installation_says_that_it_is_well(product: Product, client: Client):
    assert client.json("GET", "/healthz") == {"status": "alive"}
    assert client.json("GET", "/readyz")["failed"] == {}
    assert client.json("GET", "/version")["name"] == "privexbot"
    assert "python_info" in client.get("/metrics").text
    assert client.get("/api/docs").status_code == 200


def _product_with(model: ModelServer, folders: pytest.TempPathFactory):
    return running_product(
        folders.mktemp("with-model"),
        PRIVEXBOT_LLMS__OPENAI_LIKE__BASE_URL=f"{model.url}/v1",
        PRIVEXBOT_LLMS__OPENAI_LIKE__API_KEY="sk-test-0123456789",
        PRIVEXBOT_LLMS__OPENAI_LIKE__MODEL="test-model",
    )
