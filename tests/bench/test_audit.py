"""Requirements are pinned, and one that is not is found."""

import pytest

from bench.audit import LOCKED, ROOT, find_unpinned


@pytest.mark.parametrize("name", LOCKED)
def test_every_requirement_is_pinned(name: str):
    assert find_unpinned((ROOT / name).read_text()) == []


@pytest.mark.parametrize("line", ["flask", "flask>=3", "flask==3.*", "flask~=3.1", "flask @ https://example.com/x.whl"])
def test_what_is_not_pinned_is_found(line: str):
    assert find_unpinned(f"httpx==0.28.1\n{line}\n") == [line]
