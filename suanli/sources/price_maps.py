"""LiteLLM's map of prices: as a file, inside its wheel, or beside the library when that happens to be installed.

The library itself is never run, nor needed: 336 MB for one file. `pip download --no-deps litellm` is enough for a
newer map. What the file says is read by suanli/domain/cost/price_list.py.
"""

import hashlib
import json
import lzma
import struct
import sys
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import NoReturn

from suanli.domain.cost.offers import Listing
from suanli.domain.cost.price_list import read_map
from suanli.domain.errors import RemoteError
from suanli.sources.price_tables import read_table

_LIBRARY = "litellm"
_MEMBER = f"{_LIBRARY}/model_prices_and_context_window_backup.json"
_LARGEST = 16 * 1024 * 1024
"""Bytes; the map has three million. A small file that unpacks to more is refused before it is unpacked."""


_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, ValueError, RuntimeError)
"""What reading a damaged archive ends with; an encrypted one, or one packed in an unknown way, with the last."""


@dataclass(frozen=True, slots=True)
class PriceFile:
    """A list of prices as it was read: where from, and what tells this version of the file from any other."""

    listing: Listing
    origin: str
    sha256: str


def read_prices(path: Path, today: date) -> PriceFile:
    """The prices that a file offers on a day: a wheel (.whl), a price map (.json), or a table (.csv).

    Raises RemoteError when it cannot be read as that; what is wrong with one entry is in the listing.
    """
    kind = path.suffix.lower()
    if kind == ".whl":
        return _map(_unpacked(path), path.name, today)
    data = _read(path)
    if kind == ".json":
        return _map(data, path.name, today)
    if kind == ".csv":
        return PriceFile(read_table(data), path.name, hashlib.sha256(data).hexdigest())
    raise _refused("prices are read from .json, .csv and .whl files")


def installed_prices(today: date, where: Sequence[str] | None = None) -> PriceFile:
    """The prices of the LiteLLM that is installed, which is looked for and not imported.

    `where` are the folders to look in, those that Python imports from if it is None. Raises RemoteError when it is not
    there.
    """
    library = _installed(where)
    if library is None:
        raise _refused("litellm is not installed here: download its wheel, and give that")
    return _map(_read(Path(str(library.locate_file(_MEMBER)))), f"{_LIBRARY} {library.version}", today)


def _installed(where: Sequence[str] | None) -> Distribution | None:
    return next(iter(distributions(name=_LIBRARY, path=list(sys.path if where is None else where))), None)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise _refused(f"the file cannot be read: {error.strerror}") from None
    if len(data) > _LARGEST:
        raise _refused("the file is larger than any list of prices")
    return data


def _unpacked(path: Path) -> bytes:
    """The map out of a wheel, of which nothing else is touched."""
    try:
        with zipfile.ZipFile(path) as wheel, wheel.open(_MEMBER) as file:
            data = file.read(_LARGEST + 1)
    except KeyError:
        raise _refused(f"there is no {_MEMBER} in the wheel") from None
    except OSError as error:
        raise _refused(f"the file cannot be read: {error.strerror}") from None
    except _BROKEN:
        raise _refused("the file is no wheel, or a broken one") from None
    if len(data) > _LARGEST:
        raise _refused("the map in the wheel is larger than any list of prices")
    return data


def _map(data: bytes, origin: str, today: date) -> PriceFile:
    return PriceFile(read_map(_entries(data), today), origin, hashlib.sha256(data).hexdigest())


def _entries(data: bytes) -> Mapping[str, object]:
    try:
        entries = json.loads(data.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError, InvalidOperation):
        raise _refused("the file is no JSON") from None
    if not isinstance(entries, dict):
        raise _refused("the file is no price map: an object of models is expected")
    return entries


def _no_number(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")


def _refused(text: str) -> RemoteError:
    return RemoteError(text, permanent=True)
