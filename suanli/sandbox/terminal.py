"""A chat on a terminal: type as any of three people, in a group or in private, and see what they would see."""

from collections.abc import Callable
from dataclasses import dataclass, field

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from suanli.clock import Clock
from suanli.sandbox.drawing import WIDTH, draw
from suanli.sandbox.feishu import Human, Sent
from suanli.sandbox.feishu.reading import buttons_of
from suanli.sandbox.world import World

PATIENCE = 3.0
"""Seconds to wait for an answer; it usually takes a few hundredths of one."""

HELP = """\
/help 或 /help            像在飞书里一样说话 / speak as in Feishu
@算力 /stock              在群里要先 @ 机器人 / in the group, mention the bot first
:as 李雷                  换一个人 / be somebody else
:group  :private          去群里，回私聊 / go to the group, back to private
:press 刷新               按最近一张卡片上的按钮 / press a button of the last card
:check                    立即做一次库存检查 / look for low stock now
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
            case _ if word.startswith(":"):
                self.console.print(Text(HELP))
            case _:
                self.say(line)

    def say(self, text: str) -> None:
        """Say something and show what comes back."""
        bot = self.world.feishu.tenant.bot
        mentioned = [h for h in (bot, *self.world.people) if f"@{h.name}" in text]
        self.world.feishu.say(self.human, text, chat=self.world.group if self.in_group else None, mentions=mentioned)
        self.show(PATIENCE)

    def skip(self) -> None:
        """Take everything that has arrived so far as seen."""
        self._shown = len(self.world.feishu.tenant.sent)

    def show(self, patience: float) -> None:
        """Show every message that has not been shown, waiting for the first of them for `patience` seconds."""
        for sent in self._wait(patience):
            self.console.print(Text(f"算力 → {self._place(sent)}", style="grey50"))
            self.console.print(draw(sent.msg_type, sent.content, self.world.name_of))

    def _wait(self, patience: float) -> list[Sent]:
        sent, deadline = self.world.feishu.tenant.sent, self.clock.elapsed() + patience
        changed = self.world.feishu.tenant.changed
        with changed:
            while len(sent) == self._shown and (left := deadline - self.clock.elapsed()) > 0:
                changed.wait(left)
            new = sent[self._shown :]
            self._shown = len(sent)
        if not new and patience:
            self.console.print(
                Text("（没有回应；在群里要先 @算力 / no answer; in the group, mention @算力）", style="grey50")
            )
        return new

    def _place(self, sent: Sent) -> str:
        chat = self.world.feishu.tenant.chats.get(sent.chat_id)
        return chat.name if chat else sent.receiver

    def _become(self, name: str) -> None:
        found = next((human for human in self.world.people if human.name == name), None)
        if found is None:
            self.console.print(Text(f"这里有 / there are: {' '.join(h.name for h in self.world.people)}"))
            return
        self.human = found

    def _press(self, label: str) -> None:
        cards = [sent for sent in self.world.feishu.tenant.sent if sent.msg_type == "interactive"]
        labels = [button.label for button in buttons_of(cards[-1].content)] if cards else []
        if label not in labels:
            self.console.print(Text(f"这张卡片上的按钮 / the buttons of this card: {'  '.join(labels)}"))
            return
        clicked = self.world.feishu.press(self.human, cards[-1].message_id, label)
        self.console.print(Text(f"☁ {(clicked.toast or {}).get('content', '')}", style="grey50"))
        self.show(PATIENCE)
