"""Looking back."""

from privexbot_app.flow.testing import FakeModels, FlowTest
from tests.flow.drawing import flow


def flow_with(**config):
    outputs = {"text": "{{memory.text}}", "turns": "{{memory.turns}}", "count": "{{memory.count}}"}
    if config.get("is_summarised"):
        outputs["summary"] = "{{memory.summary}}"
    return flow(
        "start > memory, memory > say, say > end",
        memory=("memory", config),
        say=("reply", {"text": "Yes."}),
        end=("end", {"outputs": outputs}),
    )


async def test_the_last_messages_are_given_as_text_and_as_a_list():
    talk = FlowTest(flow_with(messages=3))
    await talk.say("one")
    await talk.say("two")
    assert talk.outputs["text"] == "Visitor: one\nBot: Yes.\nVisitor: two"
    assert talk.outputs["turns"][1] == {"role": "assistant", "content": "Yes."}
    assert talk.outputs["count"] == 3


async def test_a_summary_is_written_by_the_model_in_silence():
    models = FakeModels(["Wants one."])
    talk = FlowTest(flow_with(is_summarised=True), models=models)
    assert await talk.say("one") == "Yes."
    assert talk.outputs["summary"] == "Wants one."
    assert models.prompts[0].messages[-1] == ("user", "Visitor: one")
