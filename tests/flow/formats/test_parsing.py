"""Garbage, huge and hostile files end in a clear error of their own."""

import json

import pytest

from privexbot_app.flow.formats.base import FlowFileInvalidError, FlowFormatUnknownError, read_flow
from privexbot_app.flow.formats.parsing import FlowFileTooLargeError, FlowFileUnreadableError, parse_document

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "just words",
        "- a\n- list",
        "a: [1, 2",
        "\x00\x01\x02",
        "{" * 50_000,
        "[" * 50_000,
        "a: " + "[" * 200 + "]" * 200,
        '{"a": ' * 5_000 + "1" + "}" * 5_000,
        "a: &a [*a]",
        "!!python/object/apply:os.system ['true']",
        "a: !!binary aGk=",
        "a: !!set {b, c}",
        "a: .nan",
        '{"a": NaN}',
        "? [a, b]\n: c",
        "<<: *nothing",
        "a: !!timestamp nonsense",
        "9" * 10_000,
        "\ud800: 1",
    ],
)
def test_what_is_no_plain_document_is_unreadable(content: str):
    with pytest.raises(FlowFileUnreadableError) as caught:
        parse_document(content)
    assert caught.value.code == "flow_file_unreadable"


@pytest.mark.parametrize("content", [BOMB, "a: " + "x" * 4_100_000])
def test_what_unfolds_without_end_is_too_large(content: str):
    with pytest.raises(FlowFileTooLargeError):
        parse_document(content)


@pytest.mark.parametrize("content", ["a: 1", '{"nodes": []}', '{"nodes": [], "edges": []}', "app: {mode: strange}"])
def test_a_document_of_nobody_is_unknown(content: str):
    with pytest.raises(FlowFormatUnknownError) as caught:
        read_flow(content)
    assert "Dify" in caught.value.message


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ("{format: privexbot-flow, version: 1}", "flow"),
        ("{format: privexbot-flow, version: 9, flow: {}}", "version"),
        ("{format: privexbot-flow, version: 1, flow: {nodes: [{id: 1x, type: reply}]}}", "flow.nodes.0.id"),
        ("{format: privexbot-flow, version: 1, flow: {nods: []}}", "flow.nods"),
    ],
)
def test_a_damaged_file_of_ours_names_the_field(content: str, field: str):
    with pytest.raises(FlowFileInvalidError) as caught:
        read_flow(content)
    assert field in [problem.field for problem in caught.value.problems]


@pytest.mark.parametrize(
    "document",
    [
        {"app": {"mode": "workflow"}},
        {"app": {"mode": "workflow"}, "workflow": {"graph": 3}},
        {"app": {"mode": "workflow"}, "workflow": {"graph": {"nodes": [{"id": "a"}, {"id": "a"}]}}},
        {"nodes": [{"id": "a", "data": {"name": "x"}}] * 2, "edges": []},
    ],
)
def test_a_damaged_file_of_others_is_said_to_be(document: dict):
    with pytest.raises(FlowFileInvalidError):
        read_flow(json.dumps(document))


@pytest.mark.parametrize("junk", [None, 3, "text", [], {}, [None], [3], {"a": None}, [[]], [{"id": None, "data": 3}]])
def test_nonsense_inside_a_known_format_never_crashes(junk: object):
    graph = {
        "nodes": [{"id": "n", "data": {"type": t, "title": junk, **dict.fromkeys(FIELDS, junk)}} for t in ["start"]]
    }
    for type in DIFY_TYPES:
        graph["nodes"] = [{"id": "n", "position": junk, "data": {"type": type, **dict.fromkeys(FIELDS, junk)}}]
        graph["edges"] = [{"source": "n", "target": "n", "sourceHandle": junk}, {"source": junk}]
        workflow = {"graph": graph, "features": junk, "conversation_variables": [], "environment_variables": junk}
        read_flow(json.dumps({"app": {"mode": "workflow", "name": junk}, "workflow": workflow}))
    for name in FLOWISE_NAMES:
        node = {"id": "n", "position": junk, "data": {"name": name, "inputs": dict.fromkeys(FLOWISE_FIELDS, junk)}}
        read_flow(
            json.dumps({"nodes": [node], "edges": [{"source": "n", "target": "n", "sourceHandle": "n-output-0"}]})
        )
    for type in TYPEBOT_TYPES:
        block = {"id": "b", "type": type, "content": junk, "items": junk, "options": junk}
        read_flow(json.dumps({"groups": [{"id": "g", "blocks": [block]}], "edges": [], "variables": junk}))


DIFY_TYPES = (
    *("start", "answer", "end", "llm", "code", "if-else", "question-classifier", "knowledge-retrieval", "assigner"),
    *("template-transform", "variable-aggregator", "iteration", "loop", "parameter-extractor", "http-request", "tool"),
)
FIELDS = (
    *("variables", "answer", "outputs", "context", "vision", "prompt_template", "memory", "model", "code", "cases"),
    *("conditions", "classes", "query_variable_selector", "multiple_retrieval_config", "template", "items", "body"),
    *(
        "iterator_selector",
        "output_selector",
        "break_conditions",
        "loop_variables",
        "parameters",
        "headers",
        "retry_config",
    ),
    *("authorization", "url", "method", "params", "instruction", "error_strategy"),
)
FLOWISE_NAMES = (
    *(
        "startAgentflow",
        "llmAgentflow",
        "agentAgentflow",
        "conditionAgentflow",
        "conditionAgentAgentflow",
        "httpAgentflow",
    ),
    *("iterationAgentflow", "directReplyAgentflow", "retrieverAgentflow", "llmChain", "queryEngine", "seqCondition"),
    *("seqLLMNode", "stickyNote"),
)
FLOWISE_FIELDS = (
    *(
        "startInputType",
        "formInputTypes",
        "llmMessages",
        "agentMessages",
        "agentTools",
        "llmStructuredOutput",
        "conditions",
    ),
    *(
        "conditionAgentScenarios",
        "iterationInput",
        "headers",
        "queryParams",
        "body",
        "llmUpdateState",
        "conditionUI",
        "note",
    ),
    *("promptValues", "systemMessagePrompt", "model", "llmModelConfig"),
)
TYPEBOT_TYPES = (
    *("start", "text", "image", "text input", "choice input", "number input", "rating input", "Condition", "Email"),
    *("Set variable", "Redirect", "Webhook", "openai", "Jump", "phone number input"),
)
