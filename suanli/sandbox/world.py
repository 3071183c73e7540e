"""The whole product in one process among stand-ins: three people, two groups, a fleet of GPUs, the hubs, a model."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from jobs.work import Work
from storage.store import SqlStore
from suanli import wiring
from suanli.clock import Clock
from suanli.sandbox import paid_models
from suanli.sandbox.feishu import Chat, FeishuStandIn, Human
from suanli.sandbox.feishu.record import Hook
from suanli.sandbox.fleet import SandboxFleet
from suanli.sandbox.grafana import SQL_UID, TOKEN, GrafanaStandIn
from suanli.sandbox.ledger import Ledger
from suanli.sandbox.paid_models import Caller
from suanli.sandbox.server import LoopbackServer
from suanli.sandbox.upstream import ORGANISATION, Upstream, open_upstream
from suanli.settings import Settings, load
from suanli.wiring.costs import TELL_COSTS
from suanli.wiring.releases import READ_RELEASES

# Ids of people follow from their names, so the settings can name them before anybody has joined.
CONFIG = """\
[[stock.regions]]
names = ["国内", "domestic"]

[[stock.regions]]
names = ["北美", "us"]
keywords = ["dallas"]

[[stock.regions]]
names = ["欧洲", "eu"]
keywords = ["gcore"]

[stock.watch]
recipients = ["{buyer}"]

[stock.watch.thresholds]
4090 = {{ min_free = 100, description = "RTX 4090", lead_days = 14 }}
H100 = {{ min_free = 20 }}
A100 = {{ min_free = 30 }}

[alertmanager]
chats = ["{group}"]

[[releases.watches]]
places = ["hf:{organisation}", "ms:{organisation}"]
tell = ["{group}"]
"""

ALERTMANAGER_TOKEN = "sandbox-alertmanager-token"
HOOK_SECRET = "sandbox-hook-secret"


@dataclass(frozen=True, slots=True)
class World:
    """The product at work at `url`, and who and what is around it.

    Alerts of an Alertmanager and new models go to `group`; what does not get through to somebody goes over `hook` to
    another group.
    """

    settings: Settings
    store: SqlStore
    work: Work
    clock: Clock
    feishu: FeishuStandIn
    grafana: GrafanaStandIn
    upstream: Upstream
    url: str
    admin: Human
    buyer: Human
    developer: Human
    group: Chat
    hook: Hook
    ledger: Ledger
    caller: Caller

    @property
    def webhook_url(self) -> str:
        """Where Feishu posts events and clicks."""
        return f"{self.url}/webhooks/feishu"

    @property
    def people(self) -> tuple[Human, ...]:
        """Everybody of the company."""
        return (self.admin, self.buyer, self.developer)

    def read_upstream(self) -> str:
        """Read the hubs now, due or not; what came of it."""
        with self.store.begin() as tx:
            for tracked in tx.resources.all():
                tx.resources.hurry(tracked.id, self.clock.now())
        return self.work.runner.run_once(READ_RELEASES)

    def publish(self) -> str:
        """Let a model appear on one hub, then on the other, and its support be released; what it is called."""
        model = self.upstream.appear()
        self.read_upstream()
        tag = self.upstream.spread()
        self.read_upstream()
        return f"{model}: HuggingFace → ModelScope → vLLM {tag}"

    def tell_costs(self) -> str:
        """Tell at once of limits that were reached; how much that was."""
        return self.work.runner.run_once(TELL_COSTS)

    def name_of(self, open_id: str) -> str:
        """The name behind an open_id, as Feishu shows it in a mention."""
        human = self.feishu.tenant.people.get(open_id)
        return human.name if human else open_id


@contextmanager
def open_world(clock: Clock, *, rate: float | None = 1.0) -> Iterator[World]:
    """A company with 14 days of stock and six weeks of calls behind it.

    `rate` scales Feishu's limits; None lifts them.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="suanli-")))
        fleet = SandboxFleet(clock.now())
        feishu = stack.enter_context(FeishuStandIn(clock, rate=rate))
        grafana = GrafanaStandIn(lambda: fleet.nodes(clock.now()), clock=clock)
        grafana_url = stack.enter_context(LoopbackServer(grafana.app)).url
        upstream = stack.enter_context(open_upstream(clock))
        admin, buyer, developer = (feishu.tenant.add_human(name) for name in ("王芳", "李雷", "韩梅梅"))
        group = feishu.tenant.add_group("算力交流群", admin, buyer, developer)
        hook = feishu.tenant.add_hook(feishu.tenant.add_group("值班群", admin, buyer), secret=HOOK_SECRET)
        provider = stack.enter_context(paid_models.open_provider())
        config = CONFIG.format(buyer=buyer.open_id, group=group.chat_id, organisation=ORGANISATION)
        config += paid_models.CONFIG.format(url=provider.url)
        environment = _environment(folder, feishu, grafana_url, admin, hook)
        environment |= upstream.environment() | paid_models.environment()
        settings = _settings(folder, config, environment)
        store = stack.enter_context(_store(settings))
        _remember(store, settings, fleet, clock)
        ledger = Ledger(settings, store, clock, folder)
        ledger.begin(admin, buyer, developer)
        caller = stack.enter_context(paid_models.open_gateway(settings, store, clock))
        work = stack.enter_context(_running(settings, store, clock))
        app = wiring.build_web(settings, store, clock, work.delivery.wake)
        url = stack.enter_context(LoopbackServer(app)).url
        people = (admin, buyer, developer)
        product = (settings, store, work, clock)
        world = World(*product, feishu, grafana, upstream, url, *people, group, hook, ledger, caller)
        feishu.connect(world.webhook_url)
        yield world


def _settings(folder: Path, config: str, environment: Mapping[str, str]) -> Settings:
    (folder / "suanli.toml").write_text(config, "utf-8")
    return load(environment, folder)


def _environment(folder: Path, feishu: FeishuStandIn, grafana_url: str, admin: Human, hook: Hook) -> dict[str, str]:
    app = feishu.tenant.app
    return {
        "FEISHU_APP_ID": app.app_id,
        "FEISHU_APP_SECRET": app.app_secret,
        "FEISHU_ENCRYPT_KEY": app.encrypt_key,
        "FEISHU_VERIFICATION_TOKEN": app.verification_token,
        "FEISHU_BASE_URL": feishu.url,
        "GRAFANA_URL": grafana_url,
        "GRAFANA_API_KEY": TOKEN,
        "GRAFANA_DATASOURCE_UID": SQL_UID,
        "SUANLI_DATABASE_URL": f"sqlite:///{folder / 'suanli.db'}",
        "SUANLI_ADMINS": admin.open_id,
        "SUANLI_ALERTMANAGER_TOKEN": ALERTMANAGER_TOKEN,
        "SUANLI_FALLBACK_URL": feishu.url + hook.path,
        "SUANLI_FALLBACK_SECRET": hook.secret,
    }


@contextmanager
def _store(settings: Settings) -> Iterator[SqlStore]:
    wiring.upgrade(settings)
    store = wiring.open_store(settings)
    try:
        yield store
    finally:
        store.close()


def _remember(store: SqlStore, settings: Settings, fleet: SandboxFleet, clock: Clock) -> None:
    """Fourteen days of samples, as if the product had been running."""
    past = fleet.history(settings.stock.to_domain(), settings.stock.source, until=clock.now())
    with store.begin() as tx:
        for samples in past:
            tx.samples.add(samples, samples[0].taken_at)


@contextmanager
def _running(settings: Settings, store: SqlStore, clock: Clock) -> Iterator[Work]:
    wiring.declare_releases(settings, store, clock)
    work = wiring.build_work(settings, store, clock)
    work.start()
    try:
        # Whoever speaks first should be understood: the bot must know itself before the first event.
        work.runner.run_once(wiring.LEARN_BOT)
        work.runner.run_once(wiring.FORECAST_STOCK)
        work.runner.run_once(READ_RELEASES)
        yield work
    finally:
        work.stop()
