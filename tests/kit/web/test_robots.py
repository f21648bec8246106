"""robots.txt: two public sets of cases, and what a missing or broken file means."""

import json
from pathlib import Path

import pytest

from privexbot_app.kit.web.robots import LONGEST_DELAY_SECONDS, Robots, RobotsForbidError, RobotsUnreachableError

NOT_TAKEN_OVER = {
    # An address goes out percent-encoded here, so a path in raw characters never meets the rules.
    ("ID_Encoding", "http://foo.bar/foo/bar/ツ")
}


def cases(data: Path, name: str) -> list[dict]:
    rows = json.loads((data / "web" / name / "cases.json").read_text())
    return [row for row in rows if "allowed" in row and (row["test"], row["url"]) not in NOT_TAKEN_OVER]


@pytest.mark.parametrize(("name", "at_least"), [("robots_google_robotstxt", 44), ("robots_protego", 136)])
def test_every_case_of_the_set_is_read_as_it_should(data, name, at_least):
    rows = cases(data, name)
    wrong = [row for row in rows if Robots(row["robots"], agent=row["agent"]).allow(row["url"]) != row["allowed"]]
    assert wrong == []
    assert len(rows) >= at_least


@pytest.mark.parametrize(("status", "is_open"), [(200, True), (404, True), (403, True), (429, False), (503, False)])
def test_a_file_that_is_not_there_forbids_nothing_and_a_broken_server_everything(status, is_open):
    rules = Robots.from_answer(status, b"", agent="PrivexBot")
    assert rules.allow("https://example.com/a") is is_open


def test_a_refusal_says_whose_it_is():
    with pytest.raises(RobotsForbidError):
        Robots("User-agent: *\nDisallow: /", agent="PrivexBot").require("https://example.com/")
    with pytest.raises(RobotsUnreachableError):
        Robots.closed(agent="PrivexBot").require("https://example.com/")


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        ("User-agent: *\nCrawl-delay: 2.5", 2.5),
        ("User-agent: *\nCrawl-delay: 86400", LONGEST_DELAY_SECONDS),
        ("User-agent: *\nRequest-rate: 1/4s", 4.0),
        ("User-agent: other\nCrawl-delay: 9", 0.0),
        ("", 0.0),
    ],
)
def test_a_pause_is_granted_up_to_a_limit(text, delay):
    assert Robots(text, agent="PrivexBot").delay_seconds == delay


def test_sitemaps_are_named():
    assert Robots("Sitemap: https://example.com/s.xml", agent="x").sitemaps == ["https://example.com/s.xml"]
