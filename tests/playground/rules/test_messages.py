"""Limits on messages, embeds and files: the largest accepted value of each, and the first one refused.

The specification does not cover most of these, so validating against it cannot find them.
"""

from __future__ import annotations

from typing import Any

import pytest

from playground.rules.messages import check_files, check_message
from tests.playground.rules.bodies import code_of, message, words


@pytest.mark.parametrize(
    "body",
    [
        {"content": "x" * 2000},
        {"nonce": "n" * 25},
        {"embeds": [{"title": "x" * 256}]},
        {"embeds": [{"description": "x" * 4096}]},
        {"embeds": [{"footer": {"text": "x" * 2048}}]},
        {"embeds": [{"author": {"name": "x" * 256}}]},
        {"embeds": [{"fields": [{"name": "n" * 256, "value": "v" * 1024}]}]},
        {"embeds": [{"fields": [{"name": "n", "value": "v"}] * 25}]},
        {"embeds": [{"fields": [{"name": "\u200b", "value": "\u200b"}]}]},
        {"embeds": [{"title": "t"}] * 10},
        {"embeds": [{"description": "x" * 3000}] * 2},
        {"embeds": [{"image": {"url": "attachment://x.png"}}]},
        {"embeds": [{"title": "t", "url": "https://example.org/a?b=c"}]},
        {"attachments": [{"id": 0, "description": "x" * 1024}]},
    ],
    ids=lambda body: str(body)[:50],
)
def test_a_message_at_the_limit_is_accepted(body: dict[str, Any]) -> None:
    assert message(**body) is None


@pytest.mark.parametrize(
    "body",
    [
        {"content": "x" * 2001},
        {"nonce": "n" * 26},
        {"embeds": [{"title": "x" * 257}]},
        {"embeds": [{"description": "x" * 4097}]},
        {"embeds": [{"footer": {"text": "x" * 2049}}]},
        {"embeds": [{"author": {"name": "x" * 257}}]},
        {"embeds": [{"fields": [{"name": "n" * 257, "value": "v"}]}]},
        {"embeds": [{"fields": [{"name": "n", "value": "v" * 1025}]}]},
        {"embeds": [{"fields": [{"name": "", "value": "v"}]}]},
        {"embeds": [{"fields": [{"name": "n", "value": " \n"}]}]},
        {"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]},
        {"embeds": [{"title": "t"}] * 11},
        {"embeds": [{"description": "x" * 3000}, {"description": "x" * 3000, "title": "t"}]},
        {"attachments": [{"id": 0, "description": "x" * 1025}]},
    ],
    ids=lambda body: str(body)[:50],
)
def test_a_message_over_the_limit_is_refused(body: dict[str, Any]) -> None:
    assert message(**body) == 50035


@pytest.mark.parametrize(
    "embed",
    [
        {},
        {"color": 255},
        {"url": "https://example.org"},
        {"title": "", "description": " "},
        {"author": {"name": " "}},
        {"footer": {"text": ""}},
        {"fields": []},
        {"image": {}},
    ],
)
def test_an_embed_without_content_is_refused(embed: dict[str, Any]) -> None:
    assert message(embeds=[embed]) == 50035


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "javascript:alert(1)", "data:image/png;base64,AA", "example.org", "https://", "http://["],
)
def test_an_embed_only_links_to_web_addresses(url: str) -> None:
    assert message(embeds=[{"title": "t", "url": url}]) == 50035
    assert message(embeds=[{"title": "t", "image": {"url": url}}]) == 50035
    assert message(embeds=[{"title": "t", "footer": {"text": "f", "icon_url": url}}]) == 50035


@pytest.mark.parametrize("content", ["", " ", "\n\t ", None])
def test_a_blank_message_is_refused_unless_it_has_a_file_or_is_an_edit(content: str | None) -> None:
    assert message(content=content) == 50006
    assert code_of(check_message, {"content": content}, has_files=True, creates=True) is None
    assert code_of(check_message, {"content": content}, has_files=False, creates=False) is None


def test_a_components_v2_message_stays_one() -> None:
    assert code_of(check_message, {"content": "words"}, has_files=False, creates=False, was_v2=True) == 50035
    assert code_of(check_message, {"components": [words(5)]}, has_files=False, creates=False, was_v2=True) is None


def test_files_are_limited_in_number_size_and_total() -> None:
    limit = 10 * 1024 * 1024
    assert code_of(check_files, [("a", b"x" * limit), ("b", b"x" * limit)], limit) is None
    assert code_of(check_files, [("a", b"x" * (limit + 1))], limit) == 40005
    assert code_of(check_files, [(str(number), b"x" * (9 * 1024 * 1024)) for number in range(3)], limit) == 40005
    assert code_of(check_files, [(str(number), b"") for number in range(10)], limit) is None
    assert code_of(check_files, [(str(number), b"") for number in range(11)], limit) == 50035
