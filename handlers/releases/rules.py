"""The filters of watches, read from what somebody typed."""

from functools import lru_cache

import structlog

from suanli.domain.releases import Watch
from suanli.domain.releases.filters import Aliases, Filter, FilterError, parse
from suanli.domain.releases.routing import Follower
from suanli.domain.site import Site

log = structlog.get_logger()


def follower_of(site: Site, watch: Watch) -> Follower:
    """A watch with its filter. One that cannot be read, since the language changed, lets everything pass."""
    return Follower(watch, _read(watch.filter, site.aliases))


@lru_cache(maxsize=4096)
def _read(text: str, aliases: Aliases) -> Filter:
    try:
        return parse(text, aliases)
    except FilterError as error:
        log.error("filter_unreadable", reason=error.reason)  # noqa: TRY400 a traceback would show what somebody wrote
        return parse("", aliases)
