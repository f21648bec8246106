"""A small part of what `make fuzz` does: calls made up from the API's description; none is answered by a 500."""

from pathlib import Path

import pytest

from bench.fuzz import fuzz

CALLS = 400
SECONDS = 40.0


@pytest.mark.timeout(300)
async def test_no_call_that_the_description_allows_or_forbids_crashes(tmp_path: Path, redis_url: str):
    report = await fuzz(CALLS, chance=2, folder=tmp_path, redis_url=redis_url, seconds=SECONDS)
    assert report.crashes == []
    assert report.calls > 50
