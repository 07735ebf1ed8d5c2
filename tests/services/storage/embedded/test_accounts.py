"""Which folders an account can enter."""

from __future__ import annotations

from pathlib import Path

from services.storage.embedded.accounts import Account


def test_an_account_reaches_a_path_if_it_may_enter_every_folder_above(tmp_path: Path) -> None:
    stranger = Account(uid=54_321, gid=54_321)
    inner = tmp_path / "open" / "inner"
    inner.mkdir(parents=True)
    tmp_path.chmod(0o700)
    assert not stranger.can_reach(inner)
    assert Account(uid=tmp_path.stat().st_uid, gid=0).can_reach(inner)
    assert Account().can_reach(inner)
