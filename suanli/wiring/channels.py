"""WeLink and e-mail: what carries messages out, and the connections that commands come in through."""

from datetime import timedelta

from bot.mail.courier import MailCourier, MailServer, tls_on
from bot.welink.connection import ASSISTANT, BRIDGE, Connection, FieldMap
from bot.welink.courier import CardSender, Mentions, Robot, WelinkCourier
from bot.welink.signature import Mode, open_gate
from suanli.clock import Clock
from suanli.domain.delivery import Rate, Rates
from suanli.settings import Settings
from suanli.settings.welink import ConnectionEntry, FieldsEntry, RobotEntry
from suanli.sources.endpoint import Endpoint
from suanli.sources.http import Http
from suanli.wiring.pages import app_endpoint, build_api, build_links

WELINK_RATES = Rates(Rate(30, timedelta(minutes=1), burst=10), (Rate(30, timedelta(seconds=1), burst=10),))
"""30 a minute to a group (the robot itself counts the parts of each), 40 a second for an app (welink.md §1.3, §2.3)."""

MAIL_RATES = Rates(Rate(1, timedelta(seconds=1)), (Rate(30, timedelta(minutes=1), burst=10),))
"""What a small mail server takes without frowning."""

_SHAPES = {"bridge": BRIDGE, "assistant": ASSISTANT, "none": None}


def build_welink(settings: Settings, clock: Clock) -> WelinkCourier | None:
    """The carrier of messages to WeLink; None when neither a robot nor an app is in the settings."""
    own = settings.welink
    if not own.all_robots and not own.has_app:
        return None
    robots = {name: _robot(name, entry, settings, clock) for name, entry in own.all_robots.items()}
    return WelinkCourier(robots, _cards(settings, clock) if own.has_app else None)


def _robot(name: str, entry: RobotEntry, settings: Settings, clock: Clock) -> Robot:
    url = entry.webhook_url.get_secret_value()
    endpoint = Endpoint(f"the WeLink robot {name}", url, entry.webhook_env, secret_query="token")  # noqa: S106 a parameter's name
    mentions = Mentions(entry.at_accounts, entry.is_at, entry.is_at_all)
    return Robot(Http(endpoint, clock=clock).tell, clock=clock, zone=settings.timezone, mentions=mentions)


def _cards(settings: Settings, clock: Clock) -> CardSender:
    api = build_api(settings, Http(app_endpoint(settings), clock=clock), clock)
    pages = build_links(settings)
    return CardSender(api, owner=settings.welink.owner, clock=clock, zone=settings.timezone, pages=pages)


def build_mail(settings: Settings, clock: Clock) -> MailCourier | None:
    """The carrier of e-mail; None without a server in the settings."""
    own = settings.mail
    if not own.is_on:
        return None
    server = MailServer(
        own.smtp_host,
        own.smtp_port,
        tls_on(own.smtp_port, use_tls=own.use_tls),
        own.user.get_secret_value(),
        own.password.get_secret_value(),
        own.sender,
        own.ca_bundle,
    )
    return MailCourier(server, clock=clock, zone=settings.timezone)


def build_connections(settings: Settings) -> tuple[Connection, ...]:
    """The ways in for WeLink's commands."""
    return tuple(_connection(name, entry) for name, entry in settings.welink.connections.items())


def _connection(name: str, entry: ConnectionEntry) -> Connection:
    return Connection(
        name,
        open_gate(Mode(entry.mode), [secret.get_secret_value() for secret in entry.secrets]),
        fields=_fields(entry),
        robot=entry.robot,
        robots=entry.robots,
        colleagues=entry.colleagues,
        realms=frozenset(entry.realms),
        names=entry.names,
    )


def _fields(entry: ConnectionEntry) -> FieldMap | None:
    if not isinstance(entry.fields, FieldsEntry):
        return _SHAPES[entry.fields]
    own = entry.fields
    only = {pointer: frozenset(values) for pointer, values in own.only.items()}
    return FieldMap(
        own.text, own.chat_id, own.chat_kind, own.sender_id, own.sender_name, own.message_id, own.sent_at, only
    )
