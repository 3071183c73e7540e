"""From a signed webhook to a card at the platform, over real HTTP."""

import re
from datetime import timedelta

from suanli import wiring
from suanli.clock import SystemClock
from suanli.domain.facts import bot_open_id
from suanli.sandbox.feishu import Fault, Human
from suanli.sandbox.world import World
from tests.scenario.waiting import received, settled


def test_an_admin_saves_the_address_encrypted_or_plain(world: World) -> None:
    assert world.feishu.verify_url(encrypted=True)
    assert world.feishu.verify_url(encrypted=False)


def test_help_in_private_is_a_card_hanging_under_its_question(world: World, somebody: Human) -> None:
    sent = world.feishu.ask(somebody, "/help")
    assert sent.msg_type == "interactive"
    assert sent.reply_to.startswith("om_")
    assert "/stock" in sent.text


def test_userid_shows_the_ids_that_the_platform_knows(world: World, somebody: Human) -> None:
    sent = world.feishu.ask(somebody, "/userid")
    assert all(each in sent.text for each in (somebody.open_id, somebody.user_id, somebody.union_id))


def test_stock_in_a_group_is_a_table_with_its_age(world: World, somebody: Human) -> None:
    bot = world.feishu.tenant.bot
    group = world.feishu.tenant.add_group("另一个群", somebody)
    sent = world.feishu.ask(somebody, f"@{bot.name} /stock", chat=group, mentions=[bot])
    assert "4090\t85\t504" in sent.text
    assert "数据时间" in sent.text


def test_a_post_message_with_a_full_width_slash_is_understood(world: World, somebody: Human) -> None:
    event = world.feishu.message(somebody, "／ｓｔｏｃｋ　４０９０", as_post=True)
    assert world.feishu.push(event).ok
    assert "4090 库存" in received(world, somebody)[0].text


def test_the_suggestion_for_a_typo_works_as_a_button(world: World, somebody: Human) -> None:
    sent = world.feishu.ask(somebody, "/stok H20")
    clicked = world.feishu.press(somebody, sent.message_id, "/stock H20")
    assert clicked.toast == {"type": "info", "content": "已收到，结果马上发到会话里。"}
    assert "H20 库存" in received(world, somebody, 2)[1].text


def test_a_message_that_was_delivered_twice_is_answered_once(world: World, somebody: Human) -> None:
    event = world.feishu.message(somebody, "/userid")
    assert world.feishu.push(event).ok
    assert world.feishu.push(event).ok
    world.feishu.say(somebody, "/help")
    assert [sent.text.splitlines()[0] for sent in received(world, somebody, 2)] == ["用户 ID", "命令一览"]


def test_a_late_message_is_answered_but_not_run(world: World, somebody: Human) -> None:
    late = SystemClock().now() - timedelta(minutes=20)
    world.feishu.push(world.feishu.message(somebody, "/lang en", at=late))
    assert "没有执行" in received(world, somebody)[0].text
    assert "命令一览" in world.feishu.ask(somebody, "/help").text


def test_the_bot_greets_a_group_and_a_new_private_chat_once(world: World, somebody: Human) -> None:
    tenant = world.feishu.tenant
    group = tenant.add_group("新群", somebody)
    for _ in range(2):
        world.feishu.bot_added(group, somebody)
        world.feishu.p2p_entered(somebody)
        world.feishu.p2p_created(somebody)
    received(world, somebody)
    settled(world)
    places = [sent.chat_id for sent in tenant.sent if "算力助手来了" in sent.text]
    assert sorted(places) == sorted([group.chat_id, tenant.private_chat(somebody).chat_id])


def test_an_event_of_an_unknown_type_is_content(world: World) -> None:
    assert world.feishu.tell("im.message.message_read_v1", {"anything": []}).last.status == 200


def test_a_card_that_the_platform_rejects_arrives_as_text(world: World, somebody: Human) -> None:
    settled(world)
    world.feishu.faults.lay(Fault.card_rejected(), times=1, msg_type="interactive")
    sent = world.feishu.ask(somebody, "/stock H200")
    assert sent.msg_type == "text"
    assert "H200 库存" in sent.text


def test_an_expired_token_is_renewed_within_the_same_send(world: World, somebody: Human) -> None:
    settled(world)
    world.feishu.faults.lay(Fault.token_invalid(), times=1)
    world.feishu.say(somebody, "/help")
    assert "命令一览" in received(world, somebody)[0].text


def test_a_connection_reset_after_the_message_was_stored_makes_no_second_message(world: World, somebody: Human) -> None:
    settled(world)
    world.feishu.faults.lay(Fault.reset_after_stored(), times=1)
    world.feishu.say(somebody, "/help role")
    received(world, somebody)
    settled(world)
    assert len(received(world, somebody)) == 1


def test_the_daily_check_tells_the_buyer_in_private(world: World) -> None:
    world.work.runner.run_once(wiring.CHECK_STOCK)
    sent = received(world, world.buyer)[-1]
    assert sent.receiver == world.buyer.open_id
    assert "当前空闲：85 张" in sent.text
    # What goes in a lead time of 14 days is bought as well: more than the 15 that are missing now.
    suggested = re.search(r"建议采购：(\d+) 张以上", sent.text)
    assert suggested is not None
    assert int(suggested[1]) > 15
    assert "采购周期 14 天" in sent.text


def test_the_bot_has_learnt_who_it_is(world: World) -> None:
    with world.store.begin() as tx:
        known = tx.facts.get(bot_open_id(world.settings.feishu.app_id))
    assert known is not None
    assert known[0] == world.feishu.tenant.bot.open_id
