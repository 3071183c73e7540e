"""Whether a new revision of a model has other weights, or only another card."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote

from suanli.domain.errors import RemoteError
from suanli.domain.releases import Item
from suanli.domain.releases.failures import Resting
from suanli.sources.huggingface.bodies import File, Files, digest_of
from suanli.sources.lists import Client, understood

MOST_COMPARED = 20
"""Models of one reading whose files are compared; of more, the newest."""

MOST_PAGES_OF_FILES = 5


class Scales:
    """Compares the files of a model's revision with those of the one before, in one reading.

    What cannot be found out, because the files are not for us, do not come or are too many, stays unknown for good: a
    change of such a model is told as one of its card. It never fails the reading, unless the host rests: then all of
    it is read later, and nothing is missed.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._left = MOST_COMPARED

    def weighed(self, items: Sequence[Item], known: Mapping[str, Item]) -> tuple[Item, ...]:
        """The items, with the names of their weights where these are known or can be found out."""
        return tuple(self._weighed(item, known.get(item.native_id)) for item in items)

    def _weighed(self, item: Item, before: Item | None) -> Item:
        if before is None:
            return item
        if item.revision == before.revision:
            return replace(item, weights=before.weights)
        if not (item.revision and before.revision and self._left):
            return item
        self._left -= 1
        try:
            return self._compared(item, before)
        except Resting:
            raise
        except RemoteError as error:
            if not error.permanent:  # the next would keep us waiting as well
                self._left = 0
            return item

    def _compared(self, item: Item, before: Item) -> Item:
        now = self._digest(item.name, item.revision)
        # The earlier revision is looked at last, and under the present name: it may have had another.
        then = before.weights or self._digest(item.name, before.revision)
        return replace(item, weights=now, weights_changed=now != then)

    def _digest(self, name: str, revision: str) -> str:
        address = f"/api/models/{quote(name)}/tree/{quote(revision, safe='')}?recursive=true"
        files: list[File] = []
        for _ in range(MOST_PAGES_OF_FILES):
            page = self._client.get(address)
            files += understood(Files, page.body, "a list of files of HuggingFace's").root
            if not page.next_url:
                return digest_of(files)
            address = page.next_url
        raise RemoteError(f"{name:.200} has too many files to compare", permanent=True)
