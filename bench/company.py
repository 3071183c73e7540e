"""Who is on the other side: a company on Feishu's stand-in, what its people ask, and installations of the product."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.load import PATH
from bench.processes import SUANLI, Program, running
from suanli import wiring
from suanli.clock import SystemClock
from suanli.domain.facts import bot_open_id
from suanli.sandbox.feishu import FeishuStandIn
from suanli.sandbox.feishu.push import Sealed
from suanli.sandbox.fleet import SandboxFleet
from suanli.sandbox.grafana import SQL_UID, TOKEN, GrafanaStandIn
from suanli.sandbox.server import LoopbackServer
from suanli.settings import Settings, load

COMMAND = "/stock 4090"

# Nobody is told of low stock, so every message that leaves is the answer to an event.
_CONFIG = """\
[[stock.regions]]
names = ["国内", "domestic"]

[[stock.regions]]
names = ["北美", "us"]
keywords = ["dallas"]

[[stock.regions]]
names = ["欧洲", "eu"]
keywords = ["gcore"]
"""


@dataclass(frozen=True, slots=True)
class Question:
    """A message to the bot, in private, and the signed and encrypted request that tells of it."""

    message_id: str
    sealed: Sealed
    http: bytes


@dataclass(frozen=True, slots=True)
class Installation:
    """The product set up in a folder of its own, its database ready."""

    folder: Path
    port: int
    environment: dict[str, str]
    settings: Settings

    def running(self, role: str) -> AbstractContextManager[Program]:
        """`suanli up` or another role, at work."""
        return running((SUANLI, role), self.environment, self.folder, role)

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "suanli.db"


class Company:
    """The stand-ins, in this process. Feishu's has no limits here: it must never be what is measured."""

    def __init__(self, feishu: FeishuStandIn, grafana_url: str, fleet: SandboxFleet) -> None:
        self.feishu = feishu
        self._grafana_url = grafana_url
        self._fleet = fleet

    def ask(self, count: int) -> tuple[Question, ...]:
        """`COMMAND`, asked by so many different people, each in their private chat."""
        return tuple(self._question(number) for number in range(count))

    def _question(self, number: int) -> Question:
        human = self.feishu.tenant.add_human(f"person {number}")
        event = self.feishu.message(human, COMMAND)
        sealed = self.feishu.seal(event)
        return Question(event.body["message"]["message_id"], sealed, _as_http(sealed))

    def install(self, folder: Path, port: int) -> Installation:
        """The product in `folder`, with 14 days of stock behind it."""
        folder.mkdir()
        (folder / "suanli.toml").write_text(_CONFIG, "utf-8")
        app = self.feishu.tenant.app
        environment = {
            "FEISHU_APP_ID": app.app_id,
            "FEISHU_APP_SECRET": app.app_secret,
            "FEISHU_ENCRYPT_KEY": app.encrypt_key,
            "FEISHU_VERIFICATION_TOKEN": app.verification_token,
            "FEISHU_BASE_URL": self.feishu.url,
            "GRAFANA_URL": self._grafana_url,
            "GRAFANA_API_KEY": TOKEN,
            "GRAFANA_DATASOURCE_UID": SQL_UID,
            "SUANLI_DATABASE_URL": f"sqlite:///{folder / 'suanli.db'}",
            "SUANLI_LISTEN": f"127.0.0.1:{port}",
        }
        settings = load(environment, folder)
        self._remember(settings)
        return Installation(folder, port, environment, settings)

    def _remember(self, settings: Settings) -> None:
        """Fourteen days of samples and the bot's own id, as if the product had been running."""
        wiring.upgrade(settings)
        store, now = wiring.open_store(settings), SystemClock().now()
        with store.begin() as tx:
            for samples in self._fleet.history(settings.stock.to_domain(), settings.stock.source, until=now):
                tx.samples.add(samples, samples[0].taken_at)
            tx.facts.put(bot_open_id(settings.feishu.app_id), self.feishu.tenant.bot.open_id, now)
        store.close()


@contextmanager
def open_company() -> Iterator[Company]:
    """A company with a fleet of GPUs, at work until the end."""
    clock = SystemClock()
    fleet = SandboxFleet(clock.now())
    with ExitStack() as stack:
        feishu = stack.enter_context(FeishuStandIn(clock, rate=None))
        grafana = GrafanaStandIn(lambda: fleet.nodes(clock.now()), clock=clock)
        yield Company(feishu, stack.enter_context(LoopbackServer(grafana.app)).url, fleet)


def _as_http(sealed: Sealed) -> bytes:
    headers = {"Host": "127.0.0.1", **sealed.headers, "Content-Length": str(len(sealed.body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode() + sealed.body
