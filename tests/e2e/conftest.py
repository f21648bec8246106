"""One running product for all tests of this folder; those that hurt it start their own."""

from collections.abc import Iterator

import pytest

from tests.e2e.product import Client, Product, running_product

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product on its embedded defaults."""
    with running_product(tmp_path_factory.mktemp("product")) as running:
        yield running


@pytest.fixture
def client(product: Product) -> Iterator[Client]:
    """A new user's client."""
    made = product.client()
    yield made
    made.close()
