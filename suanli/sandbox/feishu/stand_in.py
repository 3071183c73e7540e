"""The whole stand-in: the platform on a loopback port, and people to act in it."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Self, TypeVar

from suanli.clock import Clock
from suanli.sandbox.feishu import events
from suanli.sandbox.feishu.api import Api
from suanli.sandbox.feishu.clicks import Clicked, outcome
from suanli.sandbox.feishu.events import Event
from suanli.sandbox.feishu.faults import Faults
from suanli.sandbox.feishu.filling import filled_in, refusal_of
from suanli.sandbox.feishu.limits import Limits
from suanli.sandbox.feishu.people import App, Chat, Human, Json, new_id
from suanli.sandbox.feishu.push import Delivery, Pusher, Sealed, Try
from suanli.sandbox.feishu.reading import CardButton, buttons_of
from suanli.sandbox.feishu.record import CardToken, Message, Sent
from suanli.sandbox.feishu.tenant import Tenant
from suanli.sandbox.feishu.utterance import utter
from suanli.sandbox.server import LoopbackServer

Found = TypeVar("Found")


class FeishuStandIn:
    """Feishu, with one company in it.

    with FeishuStandIn(SystemClock()) as feishu:
        alice = feishu.tenant.add_human("Alice")
        feishu.connect("http://127.0.0.1:8080/webhooks/feishu")
        print(feishu.ask(alice, "/help").text)

    `rate` multiplies the platform's rate limits; None switches them off. Whoever acts here acts once and waits for
    the app's answer to it; any number of threads may act at the same time.
    """

    def __init__(self, clock: Clock, app: App | None = None, *, rate: float | None = 1.0) -> None:
        self.tenant = Tenant(app or App())
        self.faults = Faults()
        self._clock = clock
        self._stopping = threading.Event()
        api = Api(self.tenant, Limits(rate), self.faults, clock, self._stopping)
        self._server = LoopbackServer(api)
        self._pusher = Pusher(self.tenant.app, self.tenant.tenant_key, clock, self._stopping)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._server.stop()

    @property
    def url(self) -> str:
        """The platform's base URL, in place of `https://open.feishu.cn`."""
        return self._server.url

    def connect(self, webhook_url: str) -> None:
        """Where the app's webhook is, for events and card callbacks alike; plain http."""
        self._pusher.url = webhook_url

    def verify_url(self, *, encrypted: bool = True) -> bool:
        """What happens when an administrator saves the webhook's URL: True when it is accepted (feishu.md §1.2)."""
        return self._pusher.challenge(encrypted=encrypted)

    def message(
        self,
        human: Human,
        text: str,
        *,
        chat: Chat | None = None,
        mentions: Sequence[Human] = (),
        as_post: bool = False,
        reply_to: str = "",
        at: datetime | None = None,
    ) -> Event:
        """A message of a person that is in the chat but not yet delivered: in a group, or in private without `chat`.

        `@name` in the text becomes a placeholder for each of `mentions` (`tenant.bot` is one to mention). `as_post`
        is text with formatting; `reply_to` a message_id; `at` makes it older.
        """
        said = utter(text, mentions)
        now = at or self._clock.now()
        parent = self.tenant.messages.get(reply_to)
        message = Message(
            message_id=new_id("om_"),
            chat=chat or self.tenant.private_chat(human),
            author=human,
            msg_type="post" if as_post else "text",
            content=said.as_post() if as_post else said.as_text(),
            created_at=now,
            updated_at=now,
            parent_id=reply_to,
            root_id=(parent.root_id or reply_to) if parent else reply_to,
        )
        self.tenant.keep(message)
        return events.message_received(self.tenant, message, human, said)

    def push(self, event: Event, app: App | None = None) -> Delivery:
        """Deliver an event once; `retry` on what comes back is the rest. `app` poses as one with other keys."""
        return self._pusher.push(event, app)

    def seal(self, event: Event, app: App | None = None) -> Sealed:
        """The request that would deliver an event, to be sent by other means or tampered with."""
        return self._pusher.seal(event, app)

    def post(self, sealed: Sealed) -> Try:
        """Post a sealed request to the webhook."""
        return self._pusher.post(sealed)

    def say(self, human: Human, text: str, *, chat: Chat | None = None, mentions: Sequence[Human] = ()) -> Delivery:
        """Say something, in a group or in private; `message` and `push` have more to choose from."""
        return self.push(self.message(human, text, chat=chat, mentions=mentions))

    def ask(
        self,
        human: Human,
        text: str,
        *,
        chat: Chat | None = None,
        mentions: Sequence[Human] = (),
        timeout: float = 5.0,
    ) -> Sent:
        """Say something and wait for the next message of the app in the same chat."""
        place = chat or self.tenant.private_chat(human)
        before = len(self.tenant.sent)
        question = self.message(human, text, chat=chat, mentions=mentions)
        message_id = question.body["message"]["message_id"]
        delivery = self.push(question)
        if not delivery.ok:
            raise RuntimeError(f"the webhook answered {delivery.last.status} {delivery.last.error} to {text!r}")

        def answers(tenant: Tenant) -> list[Sent]:
            fresh = (sent for sent in tenant.sent[before:] if sent.chat_id == place.chat_id)
            return [sent for sent in fresh if sent.reply_to in ("", message_id)]

        return self.wait_until(answers, timeout, f"an answer to {text!r}")[0]

    def press(self, human: Human, message_id: str, label: str, *, form: Json | None = None, which: int = 0) -> Clicked:
        """Press the button with this label, as the card shows it now; `which` of several, counted from the top.

        `form` is sent along as it is. Without it, a button in a form sends that form as nobody has touched it.
        """
        button = self._button(message_id, label, which)
        if button.form is not None and form is None:
            return self.submit(human, message_id, label, {}, which=which)
        return self.click(human, message_id, button.value, name=button.name, form=form)

    def submit(
        self, human: Human, message_id: str, label: str, answers: Mapping[str, str], *, which: int = 0
    ) -> Clicked:
        """Fill in the form around the button with this label, each field by what stands at it, and press the button.

        A day is written as 2026-12-31. As in Feishu's client, what is required and empty is refused, with a toast and
        without asking the app.
        """
        button = self._button(message_id, label, which)
        if button.form is None:
            raise ValueError(f"the button {label!r} is in no form")
        value = filled_in(button.form, answers)
        refusal = refusal_of(button.form, value)
        if refusal:
            return Clicked(None, {"type": "error", "content": refusal})
        return self.click(human, message_id, button.value, name=button.name, form=value)

    def click(self, human: Human, message_id: str, value: Any, *, name: str = "", form: Json | None = None) -> Clicked:
        """Press a button that calls back with `value`, whether the card has one or not."""
        action: Json = {"value": value, "tag": "button", "timezone": "Asia/Shanghai"}
        if name:
            action["name"] = name
        if form is not None:
            action["form_value"] = form
        return self.act(human, message_id, action)

    def act(self, human: Human, message_id: str, action: Json) -> Clicked:
        """Do something to a card: the `action` as feishu.md §4.4 has it. Asked of the app once, never again.

        A card in the answer takes the place of the one that was clicked.
        """
        message = self.tenant.messages[message_id]
        now = self._clock.now()
        token, right = new_id("c-"), CardToken(message, now)
        with self.tenant.changed:
            self.tenant.card_tokens[token] = right
        told = events.card_action(self.tenant, message, human, token, action, now)
        clicked = outcome(self.post(self.seal(told)), message.content)
        with self.tenant.changed:
            right.answered = True
            if clicked.card:
                self.tenant.rewrite(message, clicked.card, self._clock.now())
            self.tenant.changed.notify_all()
        return clicked

    def bot_added(self, chat: Chat, operator: Human) -> Delivery:
        """Somebody takes the bot into a group."""
        return self._membership(chat, operator, inside=True)

    def bot_removed(self, chat: Chat, operator: Human) -> Delivery:
        """Somebody takes the bot out of a group."""
        return self._membership(chat, operator, inside=False)

    def p2p_entered(self, human: Human) -> Delivery:
        """Somebody opens their private chat with the bot."""
        return self.push(events.private_chat_entered(self.tenant, human, self._clock.now()))

    def p2p_created(self, human: Human) -> Delivery:
        """Somebody's first contact with the bot, told in the old envelope."""
        return self.push(events.private_chat_created(self.tenant, human, self._clock.now()))

    def tell(self, event_type: str, body: Json, *, old: bool = False) -> Delivery:
        """Tell the app of anything, known to it or not; `old` in the v1 envelope."""
        return self.push(events.event(event_type, body, self._clock.now(), old=old))

    def wait_for(self, messages: int, timeout: float = 5.0) -> list[Sent]:
        """Wait until the app has sent so many messages in all; all of them. TimeoutError with what did arrive."""

        def enough(tenant: Tenant) -> list[Sent]:
            return list(tenant.sent) if len(tenant.sent) >= messages else []

        return self.wait_until(enough, timeout, f"{messages} messages")

    def wait_until(self, probe: Callable[[Tenant], Found], timeout: float = 5.0, what: str = "it") -> Found:
        """Wait until `probe` finds something in the tenant, looking after each of the app's calls; what it found.

        TimeoutError after `timeout` seconds of real time, with the messages that did arrive.
        """
        with self.tenant.changed:
            found = self.tenant.changed.wait_for(lambda: probe(self.tenant), timeout)
            if found:
                return found
            arrived = [sent.text for sent in self.tenant.sent]
        raise TimeoutError(f"waited {timeout} s for {what}; the app sent {len(arrived)}: {arrived[-5:]}")

    def wait_for_words(self, message_id: str, *words: str, timeout: float = 5.0) -> str:
        """Wait until a message says all of these, as it was updated last; all that it says then."""

        def says(tenant: Tenant) -> str:
            message = tenant.messages.get(message_id)
            text = message.text if message else ""
            return text if all(word in text for word in words) else ""

        return self.wait_until(says, timeout, f"{', '.join(words)} on {message_id}")

    def _button(self, message_id: str, label: str, which: int) -> CardButton:
        labelled = [b for b in buttons_of(self.tenant.content_of(message_id)) if b.label == label]
        if which >= len(labelled):
            raise ValueError(f"the card has {len(labelled)} buttons {label!r} that call back")
        return labelled[which]

    def _membership(self, chat: Chat, operator: Human, *, inside: bool) -> Delivery:
        with self.tenant.changed:
            chat.bot_inside = inside
        return self.push(events.bot_membership(self.tenant, chat, operator, self._clock.now()))
