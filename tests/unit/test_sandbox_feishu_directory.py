"""Looking people, groups and slash commands up at the stand-in, over real HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest

from suanli.sandbox.feishu import FeishuStandIn, Human
from suanli.sandbox.feishu.tenant import USER_ID_SCOPE
from tests.fakes import FakeClock
from tests.feishu_client import Client

Json = dict[str, Any]
BATCH = "/contact/v3/users/batch_get_id"
COMMANDS = "/application/v7/app_slash_commands"
STOCK = {"command": "stock", "description": {"default_value": "GPU stock", "i18n": {"zh_cn": "库存"}}}


@pytest.fixture
def feishu() -> Iterator[FeishuStandIn]:
    with FeishuStandIn(FakeClock(), rate=None) as feishu:
        yield feishu


@pytest.fixture
def alice(feishu: FeishuStandIn) -> Human:
    return feishu.tenant.add_human("Alice", email="alice@example.com", mobile="+8613800000000")


# People


@pytest.mark.parametrize("id_type", ["open_id", "union_id", "user_id"])
def test_an_address_leads_to_the_kind_of_id_that_is_asked_for(client: Client, alice: Human, id_type: str) -> None:
    asked = {"emails": [alice.email], "mobiles": [alice.mobile]}

    found = client.call("POST", BATCH, asked, user_id_type=id_type).json()["data"]["user_list"]

    assert [entry["user_id"] for entry in found] == [getattr(alice, id_type)] * 2
    assert (found[0]["email"], found[1]["mobile"]) == (alice.email, alice.mobile)


def test_whoever_is_not_found_has_an_entry_without_an_id(client: Client, feishu: FeishuStandIn, alice: Human) -> None:
    feishu.tenant.unreachable.add(alice.open_id)

    answer = client.call("POST", BATCH, {"emails": ["nobody@example.com", alice.email]}).json()

    assert answer["data"]["user_list"] == [{"email": "nobody@example.com"}, {"email": alice.email}]


def test_more_than_fifty_addresses_are_refused(client: Client) -> None:
    assert client.code("POST", BATCH, {"emails": ["a@b.c"] * 50}) == 0
    assert client.code("POST", BATCH, {"emails": ["a@b.c"] * 51}) == 99992402
    assert client.code("POST", BATCH, {"emails": []}, user_id_type="email") == 99992402


def test_a_person_is_shown_with_their_ids_as_far_as_the_app_may_see_them(
    client: Client, feishu: FeishuStandIn, alice: Human
) -> None:
    full = client.call("GET", f"/contact/v3/users/{alice.open_id}").json()["data"]["user"]
    feishu.tenant.withheld.add(USER_ID_SCOPE)
    poor = client.call("GET", f"/contact/v3/users/{alice.open_id}").json()["data"]["user"]

    assert (full["name"], full["user_id"], full["email"]) == ("Alice", alice.user_id, alice.email)
    assert "user_id" not in poor


def test_a_person_out_of_range_is_as_unknown_as_nobody(client: Client, feishu: FeishuStandIn, alice: Human) -> None:
    feishu.tenant.unreachable.add(alice.open_id)

    assert client.code("GET", f"/contact/v3/users/{alice.open_id}") == 99992351
    assert client.code("GET", "/contact/v3/users/ou_nobody") == 99992351


# Groups


def test_the_bots_groups_come_in_pages_and_without_private_chats(
    client: Client, feishu: FeishuStandIn, alice: Human
) -> None:
    groups = [feishu.tenant.add_group(f"g{n}", alice) for n in range(5)]
    feishu.tenant.private_chat(alice)
    groups[1].bot_inside = False
    groups[2].dissolved = True

    first = client.call("GET", "/im/v1/chats", page_size="2").json()["data"]
    second = client.call("GET", "/im/v1/chats", page_size="2", page_token=first["page_token"]).json()["data"]

    assert [chat["name"] for chat in first["items"]] == ["g0", "g3"]
    assert first["has_more"] is True
    assert [chat["name"] for chat in second["items"]] == ["g4"]
    assert (second["has_more"], second["page_token"]) == (False, "")


@pytest.mark.parametrize("size", ["0", "101", "-1", "many"])
def test_a_page_is_of_one_to_a_hundred_groups(client: Client, size: str) -> None:
    assert client.code("GET", "/im/v1/chats", page_size=size) == 99992402


# Slash commands


def test_a_command_is_added_listed_changed_and_removed(client: Client) -> None:
    added = client.call("POST", COMMANDS, STOCK).json()["data"]
    path = f"{COMMANDS}/{added['command_id']}"

    assert client.call("GET", COMMANDS).json()["data"]["items"] == [added]
    assert (added["command"], added["description"]) == ("stock", STOCK["description"])
    assert client.code("PATCH", path, {"description": {"default_value": "cards"}}) == 0
    [changed] = client.call("GET", COMMANDS).json()["data"]["items"]
    assert (changed["command"], changed["description"]["default_value"]) == ("stock", "cards")
    assert client.code("DELETE", path) == 0
    assert client.call("GET", COMMANDS).json()["data"]["items"] == []
    assert client.code("DELETE", path) == 40000000


def test_two_commands_do_not_have_one_name(client: Client) -> None:
    client.call("POST", COMMANDS, STOCK)
    other = client.call("POST", COMMANDS, STOCK | {"command": "help"}).json()["data"]["command_id"]

    assert client.code("POST", COMMANDS, STOCK) == 40000000
    assert client.code("PATCH", f"{COMMANDS}/{other}", {"command": "stock"}) == 40000000
    assert client.code("PATCH", f"{COMMANDS}/{other}", {"command": "help"}) == 0


@pytest.mark.parametrize("name", ["/stock", "", "two words"])
def test_a_command_has_one_word_and_no_slash(client: Client, name: str) -> None:
    assert client.code("POST", COMMANDS, STOCK | {"command": name}) == 99992402


def test_an_icon_is_an_uploaded_picture(client: Client) -> None:
    assert client.code("POST", COMMANDS, STOCK | {"icon": {"icon_key": "smile"}}) == 40000031
    assert client.code("POST", COMMANDS, STOCK | {"icon": {"icon_key": "img_1"}}) == 0


def test_an_app_has_a_hundred_commands(client: Client, feishu: FeishuStandIn) -> None:
    feishu.tenant.slash_commands |= {str(n): {"command": f"c{n}"} for n in range(99)}

    assert client.code("POST", COMMANDS, STOCK) == 0
    assert client.code("POST", COMMANDS, STOCK | {"command": "help"}) == 40000000
