"""The body of an answer as it comes, piece by piece, for as long as it may take."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError, ReadTimeoutError

from suanli.domain.errors import RemoteError

_AT_ONCE = 64 * 1024


class FellSilent(RemoteError):  # noqa: N818 what was found, rather than a failure of ours
    """The answer began, and then nothing more came for too long, or it took too long in all."""


@dataclass(frozen=True, slots=True)
class Flow:
    """An answer whose body is still to come; headers by their names in small letters. Made by `Http.opened`."""

    name: str
    status: int
    headers: Mapping[str, str]
    raw: BaseHTTPResponse

    def pieces(self, silence: float, is_over: Callable[[], bool]) -> Iterator[bytes]:
        """The body, each piece as soon as it is there.

        Raises FellSilent when nothing comes for `silence` seconds, or when `is_over` before the end; RemoteError when
        it breaks off.
        """
        self._wait_at_most(silence)
        try:
            while piece := self.raw.read1(_AT_ONCE, decode_content=True):
                yield piece
                if is_over():
                    raise FellSilent(f"{self.name}: the answer took too long in all")
        except ReadTimeoutError:
            raise FellSilent(f"{self.name}: nothing more came for {silence:g} s") from None
        except (HTTPError, OSError, ValueError):  # a socket that another thread closed is a ValueError
            raise RemoteError(f"{self.name}: the reply broke off in the middle") from None

    def close(self) -> None:
        """End it: what was not read to its end costs the connection, so that the service sees that nobody waits."""
        self.raw.close()
        self.raw.release_conn()

    def _wait_at_most(self, silence: float) -> None:
        # A service that ends the connection with its answer keeps the time that it had for beginning it: the socket
        # is out of reach then.
        connection = self.raw.connection
        sock = getattr(connection, "sock", None)
        if sock is not None:
            sock.settimeout(silence)
