"""Logs: one line an event, JSON for machines or readable for people, libraries' lines included, secrets masked."""

import logging
import re
from collections.abc import Mapping
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "***"

_SECRET_WORDS = ("secret", "token", "key", "password", "passwd", "authorization", "cookie", "cookies", "secrets")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SECRETS = (
    (re.compile(r"(?i)\b(bearer)\s+[\w.~+/=-]+"), rf"\1 {MASK}"),
    (re.compile(r"(?<![\w-])[tu]-[\w.~-]{16,}"), MASK),  # Feishu's tenant and user tokens (feishu.md §0)
    (re.compile(r"(?<![\w-])sk-[\w-]{16,}"), MASK),  # keys of models' providers, and our own tokens
    (re.compile(r"\bglsa_\w+"), MASK),  # Grafana's service accounts (gpu.md §1.1)
    (re.compile(r"(://)[^/?#\s]*@"), rf"\1{MASK}@"),
    # In a URL's query, in what an object shows of itself, and in JSON: token=…, token='…', "token": "…"
    (re.compile(r"""(?i)((?:secret|token|key|passwd|password)(?:=["']?|["']:\s*["']))[^\s&;,"')]+"""), rf"\1{MASK}"),
)

_QUIET = ("Lark", "apscheduler", "sqlalchemy", "urllib3", "werkzeug")
"""Libraries that below a warning tell of every request, tick or statement, some with tokens in them."""

_HAVE_HANDLERS = ("Lark", "gunicorn.access", "gunicorn.error", "werkzeug")
"""Libraries that bring handlers of their own, some of them only when they are imported or start."""


def configure(stream: TextIO, *, json: bool | None = None, level: int = logging.INFO) -> None:
    """Send every log line of the process to `stream`, and nowhere else; the last call counts.

    `json` None means JSON unless `stream` is a terminal. `level` is one of logging's numbers.
    """
    as_json = not stream.isatty() if json is None else json
    structlog.configure(
        processors=[*_before(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_before(), structlog.stdlib.ExtraAdder()],
            processors=_after(as_json=as_json, colors=stream.isatty()),
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    _bridge(level)


def _before() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _after(*, as_json: bool, colors: bool) -> list[Processor]:
    plain = structlog.dev.plain_traceback  # the traceback is text by then, so that it is masked too
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)
    )
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return [remove_meta, structlog.processors.format_exc_info, mask_secrets, renderer]


def _bridge(level: int) -> None:
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    for name in _HAVE_HANDLERS:
        logger = logging.getLogger(name)
        if _to_root not in logger.filters:
            logger.addFilter(_to_root)


def _to_root(record: logging.LogRecord) -> bool:
    """Hand a record to the root and keep it from the logger's own handlers, whenever these were added."""
    logging.getLogger().handle(record)
    return False


def mask_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: masks values whose name looks secret, and secrets inside of any text."""
    return {name: _masked(name, value) for name, value in event.items()}


def _masked(name: str, value: object) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if _is_secret(name):
        return MASK
    if isinstance(value, Mapping):
        return {str(key): _masked(str(key), inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_masked(name, inner) for inner in value]
    return _clean(value)


def _is_secret(name: str) -> bool:
    # A bare `key` is what an outbox row is known by; the secret ones have a word before it.
    return name != "key" and any(word.lower().endswith(_SECRET_WORDS) for word in _WORDS.findall(name))


def _clean(value: object) -> str:
    text = str(value)
    for pattern, mask in _SECRETS:
        text = pattern.sub(mask, text)
    return text
