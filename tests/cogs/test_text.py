"""Text for Discord: shown as it was typed, within the limits, and with a sign that something is missing."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cogs.text import as_typed, fit_lines
from services.text import ELLIPSIS, shorten
from tests.cogs.discord_markup import shown

MARKUP = [
    "[free gift](https://example.com/x), **bold**, ||hidden||",
    "# heading",
    "  ## heading",
    "-# small print",
    "> quote\n>>> quotes",
    "- item\n* item\n1. item\n12. item",
    "__underline__ _italics_ ~~gone~~ `code` ```block```",
    "<@123> <@!123> <@&123> <#123> <:smile:123> <a:smile:123> </imagine:123> <t:123> <id:customize>",
    "<https://example.com>",
    r"\*not bold\* \\ \a",
    "a < b > c, (red:1.2), [blue], 50% - 3.5",
    "\n\n# after empty lines",
    "a\r\n# b",
]
typed = st.text("#>*-_~|`[]()<@:/\\ \n1.ab", max_size=60) | st.text(max_size=60) | st.sampled_from(MARKUP)


@given(typed)
@example("")
def test_a_text_is_shown_as_it_was_typed(text: str) -> None:
    assert shown(as_typed(text)) == text


def test_a_web_address_stays_usable() -> None:
    assert as_typed("a_b https://example.com/a_b-c~d, x_y") == "a\\_b https://example.com/a_b-c~d, x\\_y"
    assert as_typed("[gift](https://example.com/a_b)") == "\\[gift\\](https://example.com/a_b)"


@pytest.mark.parametrize("text", MARKUP)
def test_unescaped_markup_is_not_shown_as_it_was_typed(text: str) -> None:
    with pytest.raises(AssertionError):
        assert shown(text) == text


@given(typed, st.integers(1, 40))
def test_a_shortened_text_is_shown_as_it_was_typed_up_to_the_limit(text: str, limit: int) -> None:
    assert shown(as_typed(text, limit)) == shorten(text, limit)


@given(typed)
def test_escaping_at_most_doubles_a_text(text: str) -> None:
    assert len(as_typed(text)) <= 2 * len(text)


@given(
    st.lists(st.text("ab ", max_size=60), max_size=12),
    st.integers(40, 200),
    st.sampled_from(["\n", "\n\n"]),
    st.sampled_from(["", "; see the list"]),
)
def test_lines_fit_and_the_rest_is_counted(lines: list[str], limit: int, separator: str, more: str) -> None:
    text = fit_lines(lines, limit, separator=separator, more=more)
    assert len(text) <= limit
    if len(separator.join(lines)) <= limit:
        assert text == separator.join(lines)
        return
    if ELLIPSIS not in text.rpartition(separator)[2]:
        pytest.fail(f"nothing says that something is missing: {text!r}")
    if text.endswith(" more" + more):
        shown_lines, _, rest = text.removesuffix(" more" + more).rpartition(ELLIPSIS + " and ")
        left = int(rest)
        kept = [shorten(line, limit) for line in lines[: len(lines) - left]]
        assert shown_lines == "".join(line + separator for line in kept)


def test_a_line_is_shown_whole_or_not_unless_it_is_the_only_one() -> None:
    assert fit_lines(["a" * 30, "b" * 30, "c" * 30], 50) == "a" * 30 + "\n… and 2 more"
    assert fit_lines(["a" * 60], 50) == "a" * 49 + ELLIPSIS
    assert fit_lines(["a" * 60, "b"], 50) == "… and 2 more"
    assert fit_lines([], 50) == ""
    assert fit_lines(["a" * 40, "b" * 40], 70, more="; see the list") == "a" * 40 + "\n… and 1 more; see the list"
