"""What the product's own Chroma holds, asked directly."""

import json
import urllib.request

from tests.e2e.product import Product


def list_vector_ids(product: Product, base_id: str) -> list[str]:
    """The ids of all vectors of a knowledge base, without dashes."""
    port = (product.folder / "chroma" / "port").read_text()
    root = f"http://127.0.0.1:{port}/api/v2/tenants/default_tenant/databases/default_database/collections"
    collections = json.load(urllib.request.urlopen(f"{root}?limit=1000"))
    [own] = [found for found in collections if base_id.replace("-", "") in found["name"]]
    body = json.dumps({"limit": 100_000, "include": []}).encode()
    request = urllib.request.Request(f"{root}/{own['id']}/get", body, {"Content-Type": "application/json"})
    return [id.replace("-", "") for id in json.load(urllib.request.urlopen(request))["ids"]]
