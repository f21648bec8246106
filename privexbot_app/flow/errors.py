"""What can go wrong with a run beyond what a node's own work raises.

InvalidError
├── FlowInvalidError        the graph cannot run (graph.py)           flow_invalid
├── StepsSpentError         more node runs than the flow may use      flow_steps_spent
├── TokensSpentError        more tokens than the flow may use         flow_tokens_spent
├── SecondsSpentError       longer than the flow may run              flow_seconds_spent
├── NodeTimeoutError        longer than the node may run              node_timeout
├── OutputTooLargeError     a node gave more than can be kept         node_output_too_large
├── TaintedError            words of strangers where only the author's may stand   tainted_value
└── SnapshotInvalidError    a paused run that does not fit its graph  snapshot_invalid
InternalError
└── NodeCrashedError        our own mistake inside a node             node_crashed
"""

from privexbot_app.kit.errors import InternalError, InvalidError


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
