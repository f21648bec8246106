"""The engine alone: its node types, without an installation."""

import pytest

from privexbot_app.bootstrap import discover


@pytest.fixture(autouse=True, scope="session")
def node_types() -> None:
    """Registered as the product registers them."""
    discover()
