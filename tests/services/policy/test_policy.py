"""The settings of a server as a value: read from files, written to files, asked about members."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import UserError
from services.policy.policy import BlockedTerms, BotPolicy, Policy, RoleLimits, Selection

IDS = st.integers(1, 2**63 - 1)
LIMITS = st.none() | st.integers(1, 100)
POLICIES = st.builds(
    Policy,
    channels=st.lists(IDS, max_size=3).map(tuple),
    age_restricted=st.booleans(),
    models=st.builds(Selection, allowed=st.just(("demo",)), blocked=st.just(())),
    max_steps=LIMITS,
    waits=LIMITS,
    role_limits=st.lists(st.builds(RoleLimits, role=IDS, waits=LIMITS, per_hour=LIMITS), max_size=3).map(tuple),
    blocked=st.builds(BlockedTerms, prompt=st.sampled_from([(), ("nude", "dead body")])),
)


@given(POLICIES)
def test_a_file_has_everything_and_ids_that_javascript_can_read(policy: Policy) -> None:
    data = policy.as_file()
    assert Policy.from_file(data) == policy
    assert json.loads(data)["channels"] == [str(channel) for channel in policy.channels]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("not JSON", "That isn't a file of these settings"),
        ({"colour": 1}, "colour"),
        ({"max_count": 5}, "max_count: input should be less than or equal to 4 (got 5)"),
        ({"channels": ["general"]}, "channels.0"),
        ({"channels": ["-3"]}, "channels.0"),
        ({"blocked": {"prompt": ["..."]}}, "can't be blocked"),
        ({"role_limits": [{"role": "1", "waits": 0}]}, "waits"),
    ],
)
def test_a_wrong_file_is_refused_with_what_is_wrong(table: object, words: str) -> None:
    data = table if isinstance(table, str) else json.dumps(table)
    with pytest.raises(UserError) as caught:
        Policy.from_file(data.encode())
    assert words in str(caught.value)


def test_the_settings_of_the_bot_are_no_settings_of_a_server() -> None:
    with pytest.raises(UserError):
        Policy.from_file(BotPolicy(paused=True).as_file())


def test_blocked_goes_before_allowed_and_names_are_compared_as_members_type_them() -> None:
    selection = Selection(allowed=("EasyNegative", "BadDream"), blocked=("baddream",))
    assert selection.permits(["easynegative"])
    assert not selection.permits(["BadDream"])
    assert not selection.permits(["UnrealDream"])
    assert Selection().permits(["anything"])
    assert not Selection(blocked=("an alias",)).permits(["id", "An Alias"])


def test_the_most_generous_role_counts_and_else_everybodys_limit() -> None:
    policy = Policy(
        waits=1, per_hour=10, role_limits=(RoleLimits(role=1, waits=3), RoleLimits(role=2, waits=5, per_hour=99))
    )
    assert (policy.waits_of([]), policy.per_hour_of([])) == (1, 10)
    assert (policy.waits_of([1]), policy.per_hour_of([1])) == (3, 10)
    assert (policy.waits_of([1, 2]), policy.per_hour_of([1, 2])) == (5, 99)
    changed = policy.with_limits(RoleLimits(role=2))
    assert [limits.role for limits in changed.role_limits] == [1]
