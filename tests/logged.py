"""What the product would write into its log, for a while; afterwards logging is as it was, for all other tests."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from suanli import logs


@contextmanager
def logged_meanwhile() -> Iterator[io.StringIO]:
    """Everything that is logged meanwhile, at its finest."""
    before, stream = structlog.get_config(), io.StringIO()
    loggers = [logging.getLogger(), *(logging.getLogger(name) for name in tuple(logging.root.manager.loggerDict))]
    state = [(logger, logger.level, logger.handlers[:], logger.filters[:]) for logger in loggers]
    logs.configure(stream, json=True, level=logging.DEBUG)
    try:
        yield stream
    finally:
        structlog.configure(**before)
        for logger, level, handlers, filters in state:
            logger.setLevel(level)
            logger.handlers[:], logger.filters[:] = handlers, filters
