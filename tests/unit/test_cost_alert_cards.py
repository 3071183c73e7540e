"""The cards of alerts about money, in both languages."""

from datetime import timedelta

import pytest

from bot.plain import as_text
from handlers.cost.alert_card import card
from suanli.domain.cost.alerts import AlertType, CostAlert, CostAlertId, Severity
from suanli.i18n import Lang, texts_in
from tests.dialogue import SHANGHAI
from tests.fakes import NOON


@pytest.mark.parametrize(("lang", "colon"), [(Lang.ZH, "："), (Lang.EN, ": ")])
def test_how_it_was_resolved_stands_behind_the_languages_own_colon(lang: Lang, colon: str) -> None:
    alert = CostAlert(
        CostAlertId(1), "k", AlertType.DRIFT, Severity.CRITICAL, NOON,
        about={"seen": "9", "accounts": "1", "records": "0", "sums": "0"},
        resolved_at=NOON, resolved_by="ou_boss", resolution="looked at",
    )  # fmt: skip
    shown = as_text(card(texts_in(lang), alert, SHANGHAI, "CNY", NOON + timedelta(hours=1)), NOON, SHANGHAI)
    assert f"{colon}looked at" in shown
    assert ("：" in shown) is (lang is Lang.ZH)
