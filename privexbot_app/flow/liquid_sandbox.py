"""Liquid, kept in a small room: no files, no other templates, and a budget of work, loops and text for each rendering.

The author writes the source; what is filled in comes from strangers and is never read as a template. The budget counts
every step, and for every filter the size of what goes in and comes out, so that no template can grow without bound.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from liquid import BoundTemplate, Environment, RenderContext
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.for_tag import ForNode, ForTag
from liquid.exceptions import LiquidError, LiquidSyntaxError, ResourceLimitError
from liquid.stream import TokenStream
from liquid.undefined import is_undefined

from privexbot_app.flow.errors import TemplateFailedError, TemplateInvalidError, TemplateLimitError
from privexbot_app.flow.values import to_text

MOST_SOURCE = 50_000
MOST_OUTPUT = 200_000
MOST_STEPS = 20_000
MOST_WORK = 5_000_000
MOST_LIST = 10_000
STEP_COST = MOST_WORK // MOST_STEPS
# Loading other templates, and a table that would be HTML.
FORBIDDEN_TAGS = ("include", "render", "tablerow")
# Slow on hostile text, or meaningless where nothing is HTML.
FORBIDDEN_FILTERS = ("strip_html", "safe", "escapejs")
QUADRATIC = {"uniq", "concat", "compact", "sort_natural"}


class _Budget(RenderContext):
    """Where a rendering looks up its names; pays for every step on the way."""

    __slots__ = ("_disabled", "left")

    @property
    def disabled_tags(self) -> list[str]:
        """Asked for before every step of a rendering, which is what makes it the place to count them."""
        self.pay(STEP_COST)
        return self._disabled

    @disabled_tags.setter
    def disabled_tags(self, value: list[str]) -> None:
        self._disabled = value
        self.left = MOST_WORK

    def pay(self, cost: int) -> None:
        """Raises ResourceLimitError once the budget is spent."""
        self.left -= cost
        if self.left < 0:
            raise ResourceLimitError("too much work", token=None)

    def get(self, path: list[object], **options: Any) -> object:
        """Look a value up; a long text costs, as it may be searched or compared each time."""
        value = super().get(path, **options)
        if isinstance(value, str | list):
            self.pay(len(value) // 10)
        return value

    def assign(self, key: str, val: Any) -> None:
        """Keep a value; a large one costs."""
        self.pay(weigh(val))
        super().assign(key, val)

    def filter(self, name: str, token: Any) -> Callable[..., object]:
        """A filter that pays for what goes in and what comes out."""
        inner = super().filter(name, token)

        def guarded(*arguments: Any, **named: Any) -> object:
            self.pay(_cost(name, arguments))
            result = inner(*arguments, **named)
            self.pay(weigh(result))
            return result

        return guarded


def _cost(name: str, arguments: Sequence[Any]) -> int:
    """What a filter may take: the size of its arguments, or what they multiply to."""
    sizes = [weigh(argument) for argument in arguments]
    total = sum(sizes)
    if name == "replace" and len(arguments) > 2:
        return total + sizes[2] * (str(arguments[0]).count(str(arguments[1])) + 1)
    if name == "date":
        # Reading a date takes longer than its length by far.
        return total + total**2 // 4
    if name == "join" and len(arguments) > 1 and isinstance(arguments[0], Sequence):
        return total + sizes[1] * len(arguments[0])
    return total + sizes[0] ** 2 // 100 if name in QUADRATIC and isinstance(arguments[0], list) else total


def weigh(value: Any, depth: int = 0) -> int:
    """How large a value is, in letters, more or less. Raises ResourceLimitError for one that is too large."""
    match value:
        case str():
            size = len(value)
        case bool() | float() | None:
            size = 1
        case int():
            # Numbers that only grow are worth no more than a few digits here.
            size = 1 if value.bit_length() <= 256 else MOST_WORK
        case range():
            size = len(value) if len(value) <= MOST_LIST else MOST_WORK
        case list() | tuple() if len(value) <= MOST_LIST and depth < 20:
            size = sum(weigh(item, depth + 1) for item in value) + len(value)
        case Mapping() if len(value) <= MOST_LIST and depth < 20:
            size = sum(weigh(item, depth + 1) for item in value.values()) + len(value)
        case list() | tuple() | Mapping():
            size = MOST_WORK
        case _:
            size = 1
    if size >= MOST_WORK:
        raise ResourceLimitError("a value is too large", token=None)
    return size


class _Template(BoundTemplate):
    context_class = _Budget


class _ForTag(ForTag):
    """A loop. Going backwards through numbers would make a list of them before anybody counts."""

    def parse(self, stream: TokenStream) -> Any:
        node = super().parse(stream)
        loop = node.expression if isinstance(node, ForNode) else None
        if loop is not None and loop.reversed and isinstance(loop.iterable, RangeLiteral):
            raise LiquidSyntaxError("a range cannot be reversed here", token=node.token)
        return node


class _Room(Environment):
    template_class = _Template
    loop_iteration_limit = MOST_STEPS
    output_stream_limit = MOST_OUTPUT
    local_namespace_limit = MOST_OUTPUT * 5
    context_depth_limit = 20
    block_nesting_limit = 20


@cache
def _room() -> _Room:
    room = _Room()
    room.add_tag(_ForTag)
    for tag in FORBIDDEN_TAGS:
        del room.tags[tag]
    for name in FORBIDDEN_FILTERS:
        del room.filters[name]
    room.add_filter("json", to_text)
    return room


@lru_cache(maxsize=256)
def parse(source: str) -> BoundTemplate:
    """The template of a source. Raises TemplateInvalidError."""
    if len(source) > MOST_SOURCE:
        raise TemplateInvalidError(f"it is longer than {MOST_SOURCE:,} characters")
    try:
        template = _room().from_string(source)
        unknown = sorted(set(template.analyze().filters) - set(_room().filters))
        if unknown:
            raise TemplateInvalidError(f"there is no filter “{unknown[0]}”")
        return template
    except LiquidError as error:
        raise TemplateInvalidError(_reason(error)) from error
    except RecursionError as error:
        raise TemplateInvalidError("it is nested too deeply") from error


def paths(template: BoundTemplate) -> list[str]:
    """The values that a template looks up, as dotted paths; up to the first part that is itself looked up."""
    found = []
    for segments in template.global_variable_segments():
        words: list[str] = []
        for segment in segments:
            if not isinstance(segment, str | int):
                break
            words.append(str(segment))
        found.append(".".join(words))
    return list(dict.fromkeys(found))


def render(template: BoundTemplate, values: Mapping[str, Any]) -> Any:
    """The text; a value with its type when the template is one expression and nothing else.

    Raises TemplateLimitError, TemplateFailedError.
    """
    try:
        nodes = template.nodes
        if len(nodes) == 1 and isinstance(nodes[0], OutputNode):
            return _plain(nodes[0].expression.evaluate(_Budget(template, globals=values)))
        return template.render(**values)
    except ResourceLimitError as error:
        raise TemplateLimitError from error
    except LiquidError as error:
        raise TemplateFailedError(_reason(error)) from error
    except (RecursionError, MemoryError, OverflowError) as error:
        raise TemplateLimitError from error
    except (ValueError, TypeError, ArithmeticError, LookupError) as error:
        raise TemplateFailedError("a value does not fit") from error


def _plain(value: Any) -> Any:
    if is_undefined(value):
        return ""
    weigh(value)
    return list(value) if isinstance(value, range | tuple) else value


def _reason(error: LiquidError) -> str:
    return str(error).splitlines()[0][:200] if str(error) else "it cannot be read"
