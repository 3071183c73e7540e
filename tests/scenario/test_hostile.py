"""What an attacker sends over real HTTP: nothing is executed, nothing leaks, and every refusal looks the same."""

import base64
import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from suanli.sandbox.feishu import Human
from suanli.sandbox.feishu.crypto import encrypt, event_signature
from suanli.sandbox.feishu.push import Sealed, Try
from suanli.sandbox.world import World
from tests.scenario.waiting import settled

OPAQUE = {"error": "unauthorized"}


def footprint(world: World) -> tuple[int, int]:
    """How much was executed and how much was said, when all is said."""
    settled(world)
    with world.store.begin() as tx:
        return len(tx.audits.newest(1000)), len(world.feishu.tenant.sent)


def good(world: World, human: Human) -> Sealed:
    return world.feishu.seal(world.feishu.message(human, "/role grant ou_evil admin"))


def raw(world: World, payload: object) -> Sealed:
    """Any JSON, encrypted and signed as Feishu would."""
    key = world.feishu.tenant.app.encrypt_key
    return sign(world, json.dumps({"encrypt": encrypt(key, json.dumps(payload).encode())}).encode())


def sign(world: World, body: bytes) -> Sealed:
    key = world.feishu.tenant.app.encrypt_key
    headers = {
        "Content-Type": "application/json",
        "X-Lark-Request-Timestamp": "1609073151",
        "X-Lark-Request-Nonce": "n",
        "X-Lark-Signature": event_signature("1609073151", "n", key, body),
    }
    return Sealed(headers, body)


def flip(body: bytes, at: int) -> bytes:
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


def without(headers: Mapping[str, str], name: str) -> dict[str, str]:
    return {each: value for each, value in headers.items() if each != name}


def tampered_cipher(world: World, human: Human, at: int) -> Sealed:
    """One bit of the ciphertext flipped, unsigned: where a padding oracle would look."""
    blob = bytearray(base64.b64decode(json.loads(good(world, human).body)["encrypt"]))
    blob[at] ^= 1
    return Sealed({}, json.dumps({"encrypt": base64.b64encode(bytes(blob)).decode()}).encode())


ATTACKS: dict[str, Callable[[World, Human], Sealed]] = {
    "a wrong encrypt key": lambda w, h: w.feishu.seal(
        w.feishu.message(h, "/help"), replace(w.feishu.tenant.app, encrypt_key="another key")
    ),
    "a wrong verification token": lambda w, h: w.feishu.seal(
        w.feishu.message(h, "/help"), replace(w.feishu.tenant.app, verification_token="another")
    ),
    "another app": lambda w, h: w.feishu.seal(
        w.feishu.message(h, "/help"), replace(w.feishu.tenant.app, app_id="cli_another")
    ),
    "a flipped byte in the body": lambda w, h: replace(good(w, h), body=flip(good(w, h).body, 60)),
    "a flipped first cipher byte": lambda w, h: tampered_cipher(w, h, 0),
    "a flipped last cipher byte": lambda w, h: tampered_cipher(w, h, -1),
    "no signature": lambda w, h: replace(good(w, h), headers=without(good(w, h).headers, "X-Lark-Signature")),
    "no nonce": lambda w, h: replace(good(w, h), headers=without(good(w, h).headers, "X-Lark-Request-Nonce")),
    "an empty signature": lambda w, h: replace(good(w, h), headers={**good(w, h).headers, "X-Lark-Signature": ""}),
    "broken JSON": lambda _w, _h: Sealed({}, b'{"encrypt":'),
    "broken JSON, signed": lambda w, _: sign(w, b'{"encrypt":'),
    "an empty body": lambda _w, _h: Sealed({}, b""),
    "a list": lambda w, _: sign(w, b"[]"),
    "a million brackets": lambda _w, _h: Sealed({}, b"[" * 1_000_000),
    "a plain event": lambda w, _: sign(w, b'{"schema":"2.0","header":{},"event":{}}'),
    "an encrypted number": lambda w, _: raw(w, 7),
    "an encrypted event, unsigned": lambda w, h: Sealed({}, good(w, h).body),
    "an address check without the token": lambda _w, _h: Sealed({}, b'{"type":"url_verification","challenge":"c"}'),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_it_is_refused_like_every_other(
    world: World, somebody: Human, attack: Callable[[World, Human], Sealed]
) -> None:
    before = footprint(world)
    answer = world.feishu.post(attack(world, somebody))
    assert (answer.status, answer.json()) == (401, OPAQUE)
    assert footprint(world) == before


def test_a_body_of_two_megabytes_is_not_read(world: World) -> None:
    before = footprint(world)
    answer = _post_announcing(world, 2 * 1024 * 1024)
    assert answer == 413
    assert footprint(world) == before


def _post_announcing(world: World, length: int) -> int:
    """The answer to a request that announces a large body and then sends it in small pieces, as far as it is read."""
    where = urlsplit(world.webhook_url)
    connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=5)
    try:
        connection.putrequest("POST", where.path)
        connection.putheader("Content-Length", str(length))
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_replayed_request_is_content_and_does_nothing_again(world: World, somebody: Human) -> None:
    sealed = world.feishu.seal(world.feishu.message(somebody, "/userid"))
    assert world.feishu.post(sealed).status == 200
    world.feishu.wait_until(lambda t: [s for s in t.sent if somebody.open_id in s.text], 5)
    before = footprint(world)
    assert [world.feishu.post(sealed).status for _ in range(3)] == [200, 200, 200]
    assert footprint(world) == before


def test_an_unknown_event_type_is_content_and_does_nothing(world: World) -> None:
    before = footprint(world)
    assert world.feishu.tell("contact.user.created_v3", {"object": {}}).last.status == 200
    assert footprint(world) == before


@pytest.mark.parametrize(
    "value", ["/role grant ou_evil admin", 7, None, [], {"run": 5}, {"run": "/role grant x admin"}]
)
def test_a_card_value_that_is_no_button_of_ours_does_nothing(world: World, somebody: Human, value: object) -> None:
    card = world.feishu.ask(somebody, "/help")
    before = footprint(world)
    clicked = world.feishu.click(somebody, card.message_id, value)
    assert clicked.answer is not None
    assert clicked.answer.status == 200
    assert footprint(world) == before


@pytest.mark.parametrize(
    "event",
    [
        {"sender": {"sender_id": {}}, "message": {}},
        {"sender": None},
        {"message": {"content": "{" * 1000}},
        {},
    ],
)
def test_a_message_of_another_shape_is_content_and_does_nothing(world: World, event: dict[str, object]) -> None:
    before = footprint(world)
    assert world.feishu.tell("im.message.receive_v1", event).last.status == 200
    assert footprint(world) == before


def test_outside_text_cannot_mention_everybody_or_forge_a_card(world: World, somebody: Human) -> None:
    sent = world.feishu.ask(somebody, "/stock <at id=all></at>**x**[l](https://evil.example)")
    written = json.dumps(sent.content, ensure_ascii=False)
    assert "<at id=all>" not in written
    assert "](https" not in written


def test_no_answer_names_the_server_or_shows_an_error(world: World) -> None:
    answer: Try = world.feishu.post(Sealed({}, b"x"))
    assert b"Traceback" not in answer.body
    assert answer.content_type.startswith("application/json")
