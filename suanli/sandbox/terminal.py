"""A chat on a terminal: type as any of three people, in a group or in private, and see what they would see."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from suanli.clock import Clock
from suanli.sandbox.drawing import WIDTH, draw
from suanli.sandbox.feishu import Human, Sent
from suanli.sandbox.feishu.clicks import Clicked
from suanli.sandbox.feishu.reading import CardButton, CardField, buttons_of
from suanli.sandbox.feishu.record import Change
from suanli.sandbox.world import World

PATIENCE = 3.0
"""Seconds to wait for an answer; it usually takes a few hundredths of one."""

QUIET = 0.5
"""Seconds without anything new, and what comes by itself has come."""

AFTER_TOAST = 1.0
"""Seconds to wait for what a button brings besides its toast, which may be nothing."""

MOST_CALLS = 20
"""At a time: each costs the stand-in's money only, but all of them stand on the screen."""

SILENCE = "（没有回应；在群里要先 @算力 / no answer; in the group, mention @算力）"

HELP = """\
/help 或 /help            像在飞书里一样说话 / speak as in Feishu
@算力 /stock              在群里要先 @ 机器人 / in the group, mention the bot first
:as 李雷                  换一个人 / be somebody else
:group  :private          去群里，回私聊 / go to the group, back to private
:press 刷新               按最近一张卡片上的按钮 / press a button of the last card
:press 已下单 数量=50     先填表单再按 / fill in the form, then press
:check                    立即做一次库存检查 / look for low stock now
:read                     立即读一次上游 / read the hubs now
:publish                  上游发布一个新模型 / a new model is published upstream
:call 3                   韩梅梅的程序经网关调用模型 / her program calls a model through the gateway
:prices                   换上新的价格表 / take over a newer list of prices
:quit                     离开 / leave"""


@dataclass(slots=True)
class Terminal:
    """Who is typing, and where. Prints on `console` everything that arrives for anybody."""

    world: World
    console: Console
    clock: Clock
    human: Human = field(init=False)
    in_group: bool = field(default=False, init=False)
    _shown: int = field(default=0, init=False)
    _redrawn: int = field(default=0, init=False)
    _cards: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        """Begin as the buyer, in private."""
        self.human = self.world.buyer

    def run(self, read: Callable[[str], str], check: Callable[[], str]) -> None:
        """Read lines until `:quit` or the end of the input. `check` looks for low stock now."""
        self.console.print(
            Panel(Text(HELP), title="suanli chat", title_align="left", width=WIDTH, border_style="grey50")
        )
        while True:
            try:
                line = read(self.prompt).strip()
            except (EOFError, KeyboardInterrupt):
                return
            if line == ":quit":
                return
            self.take(line, check)

    @property
    def prompt(self) -> str:
        """Who speaks where."""
        return f"{self.human.name} · {self.world.group.name if self.in_group else '私聊'} › "

    def take(self, line: str, check: Callable[[], str]) -> None:
        """Do what one line says."""
        word, _, rest = line.partition(" ")
        match word:
            case "":
                self.show(0.0)
            case ":as":
                self._become(rest.strip())
            case ":group" | ":private":
                self.in_group = word == ":group"
            case ":press":
                self._press(rest.strip())
            case ":check":
                self.console.print(Text(check(), style="grey50"))
                self.show(PATIENCE)
            case ":read" | ":publish":
                said = self.world.read_upstream() if word == ":read" else self.world.publish()
                self.console.print(Text(said, style="grey50"))
                self._print(self._gathered())
            case _ if word.startswith(":"):
                self._spend(word, rest.strip())
            case _:
                self.say(line)

    def say(self, text: str) -> None:
        """Say something and show what comes back."""
        bot = self.world.feishu.tenant.bot
        mentioned = [h for h in (bot, *self.world.people) if f"@{h.name}" in text]
        # What was said before has its own cards still on their way; they are no answer to this.
        self.show(0.0)
        self.world.feishu.say(self.human, text, chat=self.world.group if self.in_group else None, mentions=mentioned)
        self.show(PATIENCE)

    def skip(self) -> None:
        """Take everything that has arrived so far as seen."""
        self._shown = len(self.world.feishu.tenant.sent)
        self._redrawn = len(self.world.feishu.tenant.changes)

    def show(self, patience: float, *, silence: str = SILENCE) -> None:
        """Show what was sent or updated since, waiting for the first of it; `silence` when nothing comes."""
        new = self._wait(patience)
        self._print(new)
        while new and patience and not any(isinstance(each, Sent) for each in new):
            # A card that was drawn anew is no answer.
            new = self._wait(patience)
            self._print(new)
        if not new and patience and silence:
            self.console.print(Text(silence, style="grey50"))

    def _print(self, new: Sequence[Sent | Change]) -> None:
        for each, *others in _alike(new):
            self.console.print(Text(self._heading(each, *others), style="grey50"))
            self.console.print(draw(each.msg_type, each.content, self.world.name_of))
            if each.msg_type == "interactive":
                self._cards += [one.message_id for one in (each, *others)]

    def _gathered(self, patience: float = PATIENCE) -> list[Sent | Change]:
        """What comes until it is quiet again: each message once, as it stands by then."""
        found = self._wait(patience)
        while more := self._wait(QUIET):
            found += more
        last = {each.message_id: each for each in found}
        sent = [replace(each, content=last[each.message_id].content) for each in found if isinstance(each, Sent)]
        return [*(last[name] for name in last.keys() - {each.message_id for each in sent}), *sent]

    def _wait(self, patience: float) -> list[Sent | Change]:
        tenant, deadline = self.world.feishu.tenant, self.clock.elapsed() + patience
        with tenant.changed:
            while not self._new() and (left := deadline - self.clock.elapsed()) > 0:
                tenant.changed.wait(left)
            new = self._new()
            self.skip()
        return new

    def _new(self) -> list[Sent | Change]:
        tenant = self.world.feishu.tenant
        return [*tenant.changes[self._redrawn :], *tenant.sent[self._shown :]]

    def _heading(self, *alike: Sent | Change) -> str:
        places = "、".join(self._place(each) for each in alike if isinstance(each, Sent))
        return f"算力 → {places}" if places else "算力 ↻ 更新了卡片 / updated the card"

    def _place(self, sent: Sent) -> str:
        chat = self.world.feishu.tenant.chats.get(sent.chat_id)
        return chat.name if chat else sent.receiver

    def _become(self, name: str) -> None:
        found = next((human for human in self.world.people if human.name == name), None)
        if found is None:
            self.console.print(Text(f"这里有 / there are: {' '.join(h.name for h in self.world.people)}"))
            return
        self.human = found

    def _spend(self, word: str, rest: str) -> None:
        """Do what a line says about money; of what no line says, what there is."""
        match word:
            case ":call":
                self._call(int(rest) if rest.isdecimal() else 1)
            case ":prices":
                self.console.print(Text(self.world.ledger.newer_prices(), style="grey50"))
            case _:
                self.console.print(Text(HELP))

    def _call(self, times: int) -> None:
        """Let the program call so often, one call after the other, or until it is refused."""
        for _ in range(min(times, MOST_CALLS)):
            answered = self.world.caller.call()
            self.console.print(Text(str(answered), style="grey50"))
            if not answered.is_good:
                break
        if self.world.tell_costs():
            self._print(self._gathered())
        self.show(0.0)

    def _press(self, words: str) -> None:
        if not (found := self._find(words)):
            # What has the button may be on its way.
            self._print(self._wait(QUIET))
            found = self._find(words)
        if not found:
            buttons = buttons_of(self.world.feishu.tenant.content_of(self._cards[-1])) if self._cards else []
            self.console.print(Text(f"这张卡片上的按钮 / the buttons of this card: {'  '.join(map(_shown, buttons))}"))
            return
        card, button = found
        answers = dict(_answer(word, button.form or ()) for word in words[len(button.label) :].split())
        try:
            clicked = self._clicked(card, button.label, answers)
        except ValueError as error:
            self.console.print(Text(str(error)))
            return
        self.console.print(Text(f"☁ {(clicked.toast or {}).get('content', '')}", style="grey50"))
        # The toast was the answer; what else there is comes on its own.
        self._print(self._gathered(AFTER_TOAST) if clicked.answer else self._wait(0.0))

    def _find(self, words: str) -> tuple[str, CardButton] | None:
        """The newest card with a button that these words begin with the label of."""
        for card in reversed(self._cards):
            # The longest first: a label may begin like another.
            buttons = sorted(buttons_of(self.world.feishu.tenant.content_of(card)), key=lambda each: -len(each.label))
            found = next((each for each in buttons if f"{words} ".startswith(f"{each.label} ")), None)
            if found:
                return card, found
        return None

    def _clicked(self, card: str, label: str, answers: Mapping[str, str]) -> Clicked:
        feishu = self.world.feishu
        if answers:
            return feishu.submit(self.human, card, label, answers)
        return feishu.press(self.human, card, label)


def _alike(new: Sequence[Sent | Change]) -> Iterable[list[Sent | Change]]:
    """What arrived, in order; what several people were sent, or has changed in several places, is together."""
    found: list[list[Sent | Change]] = []
    for each in new:
        same = (some for some in found if type(some[0]) is type(each) and some[0].content == each.content)
        known = next(same, None)
        if known is None:
            found.append([each])
        else:
            known.append(each)
    return found


def _answer(word: str, fields: Sequence[CardField]) -> tuple[str, str]:
    """The label and the answer of `name=answer`; a part of the label is enough where no other has it."""
    name, _, said = word.partition("=")
    meant = [each.label for each in fields if name in each.label]
    return (meant[0] if len(meant) == 1 else name), said


def _shown(button: CardButton) -> str:
    fields = "".join(f" {each.label}=" for each in button.form or ())
    return button.label + (f" ({fields.strip()})" if fields else "")
