"""Loading lark-oapi: only the forty modules that are used of its eleven thousand, in 0.3 s instead of 5.

`import lark_oapi`, or any module below it, imports every API of the platform, for its packages import all that is in
them (feishu.md §5.1); there is no supported way to have less. So empty packages take the place of five of them while
`bot.feishu.courier.lark` is imported, and go again right after, with everything loaded under them. That leaves us
with a private copy, and `sys.modules` without a trace of it: somebody else's `import lark_oapi` later on is whole.
(One that runs in another thread at the same moment would find the empty packages; nothing else here imports it.)

When a release of lark-oapi no longer bears this, the whole is imported, with a warning: slow, but it sends.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any

import structlog

log = structlog.get_logger()

_NAMES = "bot.feishu.courier.lark"
_ROOT = "lark_oapi"
_EMPTIED = (_ROOT, "lark_oapi.api", "lark_oapi.api.im", "lark_oapi.api.im.v1", "lark_oapi.api.im.v1.model")

_loading = Lock()


def load() -> Any:
    """The module `bot.feishu.courier.lark`, loaded at the first call. Typed as Any, for lark-oapi says no types."""
    with _loading:
        if _NAMES in sys.modules:
            return sys.modules[_NAMES]
        with _silent():
            return import_module(_NAMES) if _ROOT in sys.modules else _load_narrowly()


def _load_narrowly() -> ModuleType:
    try:
        with _emptied():
            names = import_module(_NAMES)
    except (ImportError, AttributeError) as error:
        log.warning("lark_oapi_imported_whole", reason=str(error))
        return import_module(_NAMES)
    # The copy is ours alone, so it may be told to keep connections; by itself it opens one for each call.
    names.transport.requests = names.transport.requests.Session()
    return names


@contextmanager
def _emptied() -> Iterator[None]:
    """Empty packages in place of those that import everything; at the end nothing of lark-oapi is in `sys.modules`."""
    found = find_spec(_ROOT)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"no package {_ROOT}", name=_ROOT)
    folder = Path(found.origin).parent
    for name in _EMPTIED:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = module_from_spec(spec)
    try:
        yield
    finally:
        for name in [each for each in sys.modules if each.partition(".")[0] == _ROOT]:
            del sys.modules[name]


@contextmanager
def _silent() -> Iterator[None]:
    """Without the handler that lark-oapi adds to its logger, which would print to standard output."""
    logger = logging.getLogger("Lark")
    before = list(logger.handlers)
    try:
        yield
    finally:
        logger.handlers = before
