"""What the courier learns and sets at the stand-in about the bot itself: who it is, and its slash commands."""

from collections.abc import Iterator

import pytest

from bot.feishu.courier import BotInfo, FeishuCourier, SlashCommand
from bot.feishu.courier.slash_commands import SyncReport
from suanli.domain.chat import OpenId
from suanli.domain.errors import RemoteError
from suanli.sandbox.feishu import Fault, FeishuStandIn
from suanli.sandbox.feishu.refusal import Refusal
from tests.contract.courier_kit import courier_to
from tests.fakes import FakeClock

STOCK = SlashCommand("stock", "查询 GPU 库存", "GPU stock")
HELP = SlashCommand("help", "查看命令和用法", "commands and how to use them")


@pytest.fixture
def feishu() -> Iterator[FeishuStandIn]:
    with FeishuStandIn(FakeClock(), rate=None) as stand_in:
        yield stand_in


@pytest.fixture
def courier(feishu: FeishuStandIn) -> FeishuCourier:
    return courier_to(feishu, FakeClock())


def registered(feishu: FeishuStandIn) -> dict[str, dict[str, object]]:
    return {each["command"]: each["description"] for each in feishu.tenant.slash_commands.values()}


def writes(feishu: FeishuStandIn) -> int:
    return sum(call.method != "GET" and "slash" in call.path for call in feishu.tenant.calls)


def test_the_bot_is_known_by_its_id_and_name(courier: FeishuCourier, feishu: FeishuStandIn) -> None:
    bot = feishu.tenant.bot
    assert courier.bot_info() == BotInfo(OpenId(bot.open_id), bot.name, active=True)


def test_a_bot_that_is_switched_off_is_no_bot_to_ask(courier: FeishuCourier, feishu: FeishuStandIn) -> None:
    feishu.faults.lay(Fault(refusal=Refusal(230006)), path="/bot/v3/info")
    with pytest.raises(RemoteError, match="enable the bot capability") as caught:
        courier.bot_info()
    assert caught.value.permanent


def test_the_first_sync_creates_every_command_in_both_languages(courier: FeishuCourier, feishu: FeishuStandIn) -> None:
    report = courier.sync_commands([STOCK, HELP])
    assert report == SyncReport(created=("stock", "help"), updated=(), deleted=(), unchanged=(), others=())
    assert registered(feishu)["stock"] == {
        "default_value": "GPU stock",
        "i18n": {"zh_cn": "查询 GPU 库存", "en_us": "GPU stock"},
    }


def test_a_second_sync_changes_nothing(courier: FeishuCourier, feishu: FeishuStandIn) -> None:
    courier.sync_commands([STOCK, HELP])
    before = writes(feishu)
    report = courier.sync_commands([STOCK, HELP])
    assert (report.unchanged, report.created, writes(feishu)) == (("stock", "help"), (), before)


def test_a_changed_description_is_corrected_in_place(courier: FeishuCourier, feishu: FeishuStandIn) -> None:
    courier.sync_commands([STOCK, HELP])
    before = set(feishu.tenant.slash_commands)
    report = courier.sync_commands([SlashCommand("stock", "库存", "GPU stock"), HELP])
    assert (report.updated, report.unchanged) == (("stock",), ("help",))
    assert registered(feishu)["stock"]["i18n"] == {"zh_cn": "库存", "en_us": "GPU stock"}
    assert set(feishu.tenant.slash_commands) == before


def test_translations_that_somebody_added_are_no_reason_to_write(courier: FeishuCourier, feishu: FeishuStandIn) -> None:
    courier.sync_commands([STOCK])
    (stored,) = feishu.tenant.slash_commands.values()
    stored["description"]["i18n"] |= {"ja_jp": "在庫", "fr_fr": None}
    assert courier.sync_commands([STOCK]).unchanged == ("stock",)


def test_commands_of_others_are_left_alone_and_retired_ones_of_ours_go(
    courier: FeishuCourier, feishu: FeishuStandIn
) -> None:
    courier.sync_commands([STOCK, HELP, SlashCommand("库存", "库存", "stock")])
    report = courier.sync_commands([STOCK], retired=["help", "never-was", "stock"])
    assert report == SyncReport(created=(), updated=(), deleted=("help",), unchanged=("stock",), others=("库存",))
    assert set(registered(feishu)) == {"stock", "库存"}
    assert str(report) == "deleted: /help\nunchanged: /stock\nothers: /库存"


def test_more_commands_than_the_platform_takes_are_refused_before_anything_is_written(
    courier: FeishuCourier, feishu: FeishuStandIn
) -> None:
    many = [SlashCommand(f"c{n}", "命令", "command") for n in range(101)]
    with pytest.raises(RemoteError, match="100 slash commands") as caught:
        courier.sync_commands(many)
    assert caught.value.permanent
    assert registered(feishu) == {}


def test_a_missing_scope_for_commands_is_named(courier: FeishuCourier, feishu: FeishuStandIn) -> None:
    feishu.tenant.withheld.add("application:app_slash_command:read")
    with pytest.raises(RemoteError, match="application:app_slash_command:read"):
        courier.sync_commands([STOCK])
