"""`[cost]`: the one currency of the site."""

from pathlib import Path

import pytest

from suanli.settings import SettingsError, load


def test_the_site_counts_in_the_currency_that_is_set(tmp_path: Path) -> None:
    assert load({}, tmp_path).cost.currency == "CNY"
    (tmp_path / "suanli.toml").write_text('[cost]\ncurrency = "USD"\n', "utf-8")
    assert load({}, tmp_path).cost.currency == "USD"


@pytest.mark.parametrize("written", ['"usd"', '"RMB¥"', '""', "7", '["CNY"]'])
def test_what_is_no_currency_is_refused(tmp_path: Path, written: str) -> None:
    (tmp_path / "suanli.toml").write_text(f"[cost]\ncurrency = {written}\n", "utf-8")
    with pytest.raises(SettingsError) as caught:
        load({}, tmp_path)
    (told,) = caught.value.problems
    assert "cost.currency" in told
