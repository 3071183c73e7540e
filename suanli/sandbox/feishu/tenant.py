"""The company on the other side: people, chats, messages, and what its administrator allows the app."""

import hashlib
import threading
from collections import deque
from datetime import datetime, timedelta

from suanli.sandbox.feishu.people import App, Chat, Human, Json, new_id
from suanli.sandbox.feishu.record import Called, CardToken, Change, Hook, Message, Sent

USER_ID_SCOPE = "contact:user.employee_id:readonly"
"""Without it the app never sees a `user_id` (feishu.md §2)."""

TOKEN_LIFE = timedelta(hours=2)
TOKEN_RENEWAL = timedelta(minutes=30)
CALLS_KEPT = 100_000


class Tenant:
    """One company that installed the app.

    Read it freely; to change it, or to read several things that belong together, hold `changed`, the condition
    that also tells waiters of every change. All sets hold open_ids or scopes and are there to be changed:
    `unreachable` people are outside the app's availability range, `stopped` ones stopped the bot,
    `foreign_open_ids` belong to another app, and `withheld` scopes are not granted.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self.tenant_key = _stable("", "the company of the sandbox")[:16]
        self.changed = threading.Condition()
        self.bot = Human(_stable("ou_", app.app_id), "", _stable("on_", app.app_id), app.name, self.tenant_key)
        self.people: dict[str, Human] = {}
        self.chats: dict[str, Chat] = {}
        self.messages: dict[str, Message] = {}
        self.sent: list[Sent] = []
        self.changes: list[Change] = []
        self.reactions: dict[str, tuple[str, str]] = {}
        self.ephemeral: dict[str, Sent] = {}
        self.gone_ephemeral: set[str] = set()
        self.card_tokens: dict[str, CardToken] = {}
        self.slash_commands: dict[str, Json] = {}
        self.hooks: dict[str, Hook] = {}
        self.calls: deque[Called] = deque(maxlen=CALLS_KEPT)
        self.unreachable: set[str] = set()
        self.stopped: set[str] = set()
        self.foreign_open_ids: set[str] = set()
        self.withheld: set[str] = set()
        self._tokens: dict[str, datetime] = {}
        self._partners: dict[str, Chat] = {}
        self._uuids: dict[str, tuple[datetime, Message]] = {}

    def add_human(self, name: str, *, email: str = "", mobile: str = "", tenant_key: str = "") -> Human:
        """A new person, of this company unless another `tenant_key` is given; their ids follow from the name."""
        seed = f"{self.app.app_id}/{name}"
        human = Human(
            open_id=_stable("ou_", seed),
            user_id=_stable("", name)[:8],
            union_id=_stable("on_", name),
            name=name,
            tenant_key=tenant_key or self.tenant_key,
            email=email,
            mobile=mobile,
        )
        with self.changed:
            self.people[human.open_id] = human
        return human

    def add_group(self, name: str, *members: Human, bot_inside: bool = True) -> Chat:
        """A new group of these people, with the bot in it or not."""
        chat = Chat(new_id("oc_"), name, list(members), bot_inside=bot_inside)
        with self.changed:
            self.chats[chat.chat_id] = chat
        return chat

    def private_chat(self, human: Human) -> Chat:
        """The private chat of a person with the bot, made when it is first needed."""
        with self.changed:
            if human.open_id not in self._partners:
                chat = Chat(new_id("oc_"), human.name, [human], partner=human)
                self._partners[human.open_id] = self.chats[chat.chat_id] = chat
            return self._partners[human.open_id]

    def add_hook(self, chat: Chat, *, secret: str = "", keywords: tuple[str, ...] = ()) -> Hook:
        """A new custom bot in a group."""
        hook = Hook(new_id(""), chat, secret, keywords)
        with self.changed:
            self.hooks[hook.hook_id] = hook
        return hook

    def ids_of(self, human: Human) -> Json:
        """The three ids as an event shows them: no user_id without its scope, an empty one for the bot."""
        ids = {"union_id": human.union_id, "user_id": human.user_id, "open_id": human.open_id}
        if USER_ID_SCOPE in self.withheld and human is not self.bot:
            del ids["user_id"]
        return ids

    def find(self, id_kind: str, value: str) -> Human | None:
        """The person whose `open_id`, `user_id`, `union_id`, `email` or `mobile` this is."""
        if id_kind == "open_id":
            return self.people.get(value)
        return next((human for human in self.people.values() if value and getattr(human, id_kind) == value), None)

    def token(self, now: datetime) -> tuple[str, timedelta]:
        """The tenant access token and what is left of its life: the same one while that is over 30 minutes."""
        with self.changed:
            for token, ends in self._tokens.items():
                if ends - now > TOKEN_RENEWAL:
                    return token, ends - now
            fresh = new_id("t-")
            self._tokens[fresh] = now + TOKEN_LIFE
            return fresh, TOKEN_LIFE

    def knows_token(self, token: str, now: datetime) -> bool:
        """Whether a token was given out here and has not ended."""
        return token in self._tokens and self._tokens[token] > now

    def revoke_tokens(self) -> None:
        """Make every token invalid, as a change of the app's secret does."""
        with self.changed:
            self._tokens.clear()

    def keep(self, message: Message) -> None:
        """Remember a message, of whomever."""
        with self.changed:
            self.messages[message.message_id] = message

    def send(self, message: Message, *, receiver: str, uuid: str) -> None:
        """Remember a message of the app, and that it was sent."""
        with self.changed:
            self.messages[message.message_id] = message
            if uuid:
                self._uuids[uuid] = (message.created_at, message)
            self.sent.append(
                Sent(
                    message_id=message.message_id,
                    chat_id=message.chat.chat_id,
                    receiver=receiver,
                    msg_type=message.msg_type,
                    content=message.content,
                    uuid=uuid,
                    reply_to=message.parent_id,
                    at=message.created_at,
                )
            )

    def sent_as(self, uuid: str, since: datetime) -> Message | None:
        """The message that was sent with this uuid at `since` or later."""
        at, message = self._uuids.get(uuid, (None, None))
        return message if at is not None and at >= since else None

    def rewrite(self, message: Message, content: Json, now: datetime) -> None:
        """Give a message of the app new content."""
        with self.changed:
            message.content, message.updated_at = content, now
            self.changes.append(Change(message.message_id, message.msg_type, content, now))

    def last_message(self, chat: Chat) -> Message | None:
        """The newest message of a chat, of whomever."""
        with self.changed:
            return next((message for message in reversed(self.messages.values()) if message.chat is chat), None)

    def content_of(self, message_id: str) -> Json:
        """What a message shows now. KeyError when there is no such message."""
        return self.messages[message_id].content


def _stable(prefix: str, seed: str) -> str:
    return prefix + hashlib.sha256(seed.encode()).hexdigest()[:32]
