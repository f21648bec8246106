"""Libraries that the default installation leaves out."""

import importlib
from typing import Any

from privexbot_app.kit.errors import UnavailableError


class ExtraMissingError(UnavailableError):
    """A plug-in is chosen whose library is not installed."""

    code = "extra_missing"


def import_extra(module: str, *, extra: str) -> Any:
    """The imported module. Raises ExtraMissingError with the command that installs it.

    >>> import_extra("json", extra="qdrant").dumps(1)
    '1'
    >>> import_extra("no_such_library", extra="qdrant")
    Traceback (most recent call last):
    privexbot_app.kit.extras.ExtraMissingError: A library is missing: pip install privexbot[qdrant]
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ExtraMissingError(f"A library is missing: pip install privexbot[{extra}]", module=error.name) from error
