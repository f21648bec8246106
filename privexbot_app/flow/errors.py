"""What can go wrong with a run beyond what a node's own work raises.

InvalidError
├── FlowInvalidError        the graph cannot run (graph.py)           flow_invalid
├── StepsSpentError         more node runs than the flow may use      flow_steps_spent
├── TokensSpentError        more tokens than the flow may use         flow_tokens_spent
├── SecondsSpentError       longer than the flow may run              flow_seconds_spent
├── NodeTimeoutError        longer than the node may run              node_timeout
├── OutputTooLargeError     a node gave more than can be kept         node_output_too_large
├── TaintedError            words of strangers where only the author's may stand   tainted_value
├── HeaderInvalidError      a header's value that no header can hold  header_invalid
├── JsonTemplateError       a body that is no JSON                    json_invalid
├── TemplateInvalidError    a Liquid template that cannot be read     template_invalid
├── TemplateFailedError     a Liquid template that cannot be filled in   template_failed
├── TemplateLimitError      one that would take too long, or grow too large   template_limit
├── CallRefusedError        a service says that the request is wrong  call_refused
├── CodeResultError         code that gives no object where one is expected   code_result
├── RecipientInvalidError   a recipient that is no e-mail address     recipient_invalid
├── UnsupportedNodeError    a step that was imported and has no equivalent   unsupported_node
├── BrokenOffError          a model stopped after it had begun to speak   model_broke_off
└── SnapshotInvalidError    a paused run that does not fit its graph  snapshot_invalid
UpstreamFailedError
├── CallFailedError         a service failed, or wants fewer requests call_failed
└── AnswerShapeError        a model did not answer in the shape that was asked for   answer_shape
InternalError
└── NodeCrashedError        our own mistake inside a node             node_crashed
"""

from collections.abc import Sequence

from privexbot_app.kit.errors import InternalError, InvalidError, UpstreamFailedError


class StepsSpentError(InvalidError):
    """The run took more steps than the flow allows."""

    code = "flow_steps_spent"

    def __init__(self, steps: int) -> None:
        super().__init__(f"This flow stopped after {steps} steps. Look for a loop that does not end.", steps=steps)


class TokensSpentError(InvalidError):
    """The run used more tokens than the flow allows."""

    code = "flow_tokens_spent"

    def __init__(self, tokens: int) -> None:
        super().__init__(f"This flow stopped after {tokens} tokens, its limit for one message.", tokens=tokens)


class SecondsSpentError(InvalidError):
    """The run took longer than the flow allows."""

    code = "flow_seconds_spent"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"This flow stopped after {seconds:g} seconds, its limit for one message.", seconds=seconds)


class NodeTimeoutError(InvalidError):
    """A node took longer than its policy allows."""

    code = "node_timeout"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"This step did not finish within {seconds:g} seconds.", seconds=seconds)


class OutputTooLargeError(InvalidError):
    """A node gave more than a run may keep."""

    code = "node_output_too_large"

    def __init__(self, characters: int, most: int) -> None:
        message = f"This step gave {characters:,} characters; at most {most:,} can be kept."
        super().__init__(message, characters=characters)


class TaintedError(InvalidError):
    """Words of strangers stood where only the flow's author may write."""

    code = "tainted_value"

    def __init__(self, where: str) -> None:
        super().__init__(f"Text from visitors, documents, models or servers cannot become {where}.", where=where)


class HeaderInvalidError(InvalidError):
    """A header's value has line breaks, or letters that headers cannot carry."""

    code = "header_invalid"

    def __init__(self, name: str) -> None:
        super().__init__(f"The header {name} cannot hold this value: only one line of plain characters.", header=name)


class JsonTemplateError(InvalidError):
    """A JSON body is written wrongly."""

    code = "json_invalid"

    def __init__(self) -> None:
        super().__init__("This is not JSON. Write texts in quotes; a reference may stand with or without them.")


class TemplateInvalidError(InvalidError):
    """A Liquid template cannot be read."""

    code = "template_invalid"

    def __init__(self, reason: str) -> None:
        super().__init__(f"This template cannot be read: {reason}.")


class TemplateFailedError(InvalidError):
    """A Liquid template cannot be filled in with these values."""

    code = "template_failed"

    def __init__(self, reason: str) -> None:
        super().__init__(f"This template could not be filled in: {reason}.")


class TemplateLimitError(InvalidError):
    """A Liquid template would take too long, or grow too large."""

    code = "template_limit"

    def __init__(self) -> None:
        super().__init__("This template takes too much work, or makes too much text.")


class CallRefusedError(InvalidError):
    """A service answered that the request is wrong: asking again would not help."""

    code = "call_refused"

    def __init__(self, status: int) -> None:
        super().__init__(f"The service did not accept the request (status {status}).", status=status)


class CallFailedError(UpstreamFailedError):
    """A service failed, or was asked too often: asking again may help."""

    code = "call_failed"

    def __init__(self, status: int) -> None:
        super().__init__(f"The service failed (status {status}).", status=status)


class CodeResultError(InvalidError):
    """Code was to give an object with certain keys, and gave something else."""

    code = "code_result"

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"The last line of this code must be an object with {', '.join(names)}.")


class RecipientInvalidError(InvalidError):
    """Mail would go to something that is no address, or to several where one belongs."""

    code = "recipient_invalid"

    def __init__(self) -> None:
        super().__init__("A recipient of this mail is no e-mail address.")


class UnsupportedNodeError(InvalidError):
    """A run reached a step of an imported flow that has no equivalent here."""

    code = "unsupported_node"

    def __init__(self, original_type: str) -> None:
        super().__init__(f"This flow has a step of the type “{original_type}”, which is not supported here.")


class BrokenOffError(InvalidError):
    """A model failed after the visitor had begun to read: a second attempt would say the beginning twice."""

    code = "model_broke_off"

    def __init__(self) -> None:
        super().__init__("The language model stopped in the middle of its answer.")


class AnswerShapeError(UpstreamFailedError):
    """A model's answer is not the object that was asked for."""

    code = "answer_shape"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The language model did not answer in the shape that this step needs: {reason}.")


class SnapshotInvalidError(InvalidError):
    """A paused run does not fit the graph it is resumed with."""

    code = "snapshot_invalid"

    def __init__(self) -> None:
        super().__init__("This conversation was paused in a flow that has changed since. It starts anew.")


class NodeCrashedError(InternalError):
    """A node failed in a way that it does not know: our own mistake."""

    code = "node_crashed"

    def __init__(self, type: str) -> None:
        super().__init__("A step of this flow failed on our side.", node_type=type)
