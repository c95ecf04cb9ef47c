"""Quizzes in a real browser: answered, sent by their address, and read without a script."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.browsing import accessible, place, watched

pytestmark = pytest.mark.browser


def test_a_quiz_is_answered_and_sent_by_its_address(chromium: Any, served: str) -> None:
    with watched(chromium, served, viewport={"width": 390, "height": 844}) as page:
        page.goto(f"{served}story/significance/?keep=1")
        first = page.locator(".quiz__list > li").first
        first.get_by_role("button", name="16.4%").press("Enter")
        assert page.locator(".quiz__score").inner_text().startswith("1 of 1 right")
        assert "answers=200" in place(page)
        assert "keep=1" in place(page)
        page.locator(".quiz__list > li").nth(1).get_by_role("button").first.click()
        assert page.locator(".quiz__score").inner_text().startswith("1 of 2 right")
        assert accessible(page, ".quiz") == []
        sent = place(page)
        page.goto(f"{served}story/significance/")
        assert page.locator(".quiz__score").inner_text() == ""
        page.goto(sent)
        assert page.locator(".quiz__score").inner_text().startswith("1 of 2 right")
        assert first.locator("details").evaluate("box => box.open")
        page.goto(f"{served}story/significance/?answers=9x~")
        assert page.locator(".quiz__score").inner_text() == ""


def test_a_quiz_reads_without_a_script(chromium: Any, served: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served}story/significance/")
    question = page.locator(".quiz__list > li").first
    assert question.locator("button").count() == 0
    assert question.locator("details p").is_hidden()
    question.locator("summary").click()
    assert question.locator("details p").inner_text().startswith("b. ")
    context.close()
