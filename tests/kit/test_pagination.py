"""Cursors lead through every row once, and what is no cursor is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privexbot_app.domains.bots.models import Bot
from privexbot_app.domains.bots.repository import BotRepository
from privexbot_app.kit.errors import InvalidError
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.pagination import PageParams, cursor_after, decode_cursor
from tests.installation import ON_BOTH_DATABASES


def test_a_cursor_is_an_id_in_disguise():
    id = new_id()
    assert decode_cursor(cursor_after(id)) == id


@given(st.text(max_size=40).filter(lambda text: not re.fullmatch(r"[A-Za-z0-9_-]{22}(==)?", text)))
def test_anything_else_is_refused_by_name(cursor: str):
    with pytest.raises(InvalidError) as caught:
        decode_cursor(cursor)
    assert caught.value.code == "invalid_cursor"


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "ä" * 22, "=" * 24, "A" * 23, "../../etc/passwd"])
def test_what_is_no_cursor_is_refused(cursor):
    with pytest.raises(InvalidError):
        decode_cursor(cursor)


@ON_BOTH_DATABASES
async def test_pages_hold_every_row_once_newest_first(installation, tenants):
    scope = tenants.ours
    async with installation.works.open(scope) as work:
        made = [work.repository(BotRepository).add(Bot(workspace_id=scope.workspace_id, name=str(n))) for n in range(7)]
    seen, cursor = [], None
    async with installation.works.open(scope, read_only=True) as work:
        while True:
            page = await work.repository(BotRepository).page(PageParams(limit=3, cursor=cursor))
            seen += [row.id for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
    assert seen == sorted((row.id for row in made), reverse=True)
