"""One plug-in pattern for every kind: a registry that its siblings and third parties fill by name.

A kind's `base.py` holds the contract (a Protocol) and `KINDS = Registry("kind", Contract)`; each variant is one
module beside it that says `@KINDS.register("name")`. `bootstrap` discovers and then freezes every registry.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from privexbot_app.kit.errors import InvalidError

Contract = TypeVar("Contract")
Plugin = TypeVar("Plugin", bound=type)


class RegistryError(RuntimeError):
    """A plug-in is registered wrongly: twice, too late, or without a member of its contract."""


class Registry(Generic[Contract]):
    """The plug-ins of one kind, by name.

    kind: the field's word for the kind, used in messages.
    contract: a Protocol; a class that lacks one of its members is refused at import.

    >>> from typing import Protocol
    >>> class Greeter(Protocol):
    ...     def greet(self) -> str: ...
    >>> GREETERS = Registry("greeter", Greeter)
    >>> @GREETERS.register("polite")
    ... class Polite:
    ...     def greet(self) -> str:
    ...         return "Good day"
    >>> GREETERS.get("polite")().greet()
    'Good day'
    >>> GREETERS.names()
    ['polite']
    """

    def __init__(self, kind: str, contract: type[Contract]) -> None:
        self.kind = kind
        self.contract = contract
        self._plugins: dict[str, type[Contract]] = {}
        self._is_frozen = False

    def register(self, name: str) -> Callable[[Plugin], Plugin]:
        """Class decorator. Raises RegistryError for a duplicate, a non-conforming class, or after the freeze."""

        def add(plugin: Plugin) -> Plugin:
            if self._is_frozen:
                raise RegistryError(f"{self.kind} {name!r} comes after start-up; register it on import")
            if name in self._plugins:
                raise RegistryError(f"{self.kind} {name!r} is registered twice")
            missing = sorted(member for member in _members(self.contract) if not hasattr(plugin, member))
            if missing:
                raise RegistryError(f"{self.kind} {name!r} lacks {', '.join(missing)}")
            plugin.name = name  # type: ignore[attr-defined]
            self._plugins[name] = plugin
            return plugin

        return add

    def get(self, name: str) -> type[Contract]:
        """Return the class of that name. Raises InvalidError (`unknown_<kind>`) that lists the known names."""
        try:
            return self._plugins[name]
        except KeyError:
            raise InvalidError(
                f"There is no {self.kind} named “{name}”. Known: {', '.join(self.names())}.",
                code=f"unknown_{self.kind.replace(' ', '_')}",
            ) from None

    def names(self) -> list[str]:
        """The registered names, sorted."""
        return sorted(self._plugins)

    def __contains__(self, name: str) -> bool:
        return name in self._plugins

    def __iter__(self) -> Iterator[tuple[str, type[Contract]]]:
        return iter(sorted(self._plugins.items()))

    def discover(self, package: str, entry_point_group: str) -> None:
        """Import every module of `package` and every entry point of the group, so that they register."""
        module = importlib.import_module(package)
        for info in pkgutil.iter_modules(module.__path__):
            importlib.import_module(f"{package}.{info.name}")
        for point in entry_points(group=entry_point_group):
            point.load()

    def freeze(self) -> None:
        """Refuse any further registration."""
        self._is_frozen = True


def _members(contract: type) -> set[str]:
    """Names that a Protocol asks for: its methods and its annotated attributes."""
    annotated = set(inspect.get_annotations(contract))
    methods = {key for key, value in vars(contract).items() if callable(value) and not key.startswith("_")}
    return (annotated | methods) - {"name"}
