"""One look at a repository: its pages are asked for here, and all of them must be of the same repository."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote

from suanli.domain.releases import Tracked, Validator
from suanli.domain.releases.failures import Missing, Strange
from suanli.domain.releases.resources import Identity, Status
from suanli.sources.conditional import Page
from suanli.sources.github.bodies import Repository, read

_NUMBER = re.compile(r"/repositories/([0-9]{1,18})(?:[/?]|\Z)")


class Pages(Protocol):
    """What asks GitHub for pages: `Conditional`."""

    def address_of(self, path: str) -> str:
        """The whole address of a path."""

    def get(self, url_or_path: str, validator: Validator | None = None) -> Page:
        """The page, or that it is unchanged."""


@dataclass(slots=True)
class Visit:
    """A look at the repository of `tracked`, whose name it is under may turn out to be another.

    A private one may be looked at only with `private`.

    `kept` are the validators to be remembered. `sure`: a page named the number that is known.
    """

    pages: Pages
    tracked: Tracked
    validators: Mapping[str, Validator]
    private: bool = False
    name: str = ""
    identity: Identity | None = None
    sure: bool = False
    kept: list[Validator] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name = self.name or self.tracked.place.name

    @property
    def site(self) -> str:
        """The address of the repository's pages for people, which stand beside the API."""
        root = self.pages.address_of("").removesuffix("/api/v3")
        root = "https://github.com" if root == "https://api.github.com" else root
        return f"{root}/{quote(self.name)}"

    def address_of(self, rest: str = "") -> str:
        """The address of something of the repository."""
        return self.pages.address_of(f"/repos/{quote(self.name)}{rest}")

    def ask(self, url: str, *, afresh: bool = False) -> Page:
        """A page of the repository; `afresh`: whole, whether it changed or not. Raises Strange for one of another."""
        page = self._page(url, afresh=afresh)
        if page.moved and self.identity is None:
            self.identify()
        return page

    def identify(self) -> None:
        """Ask what the repository is; its present name counts from then on."""
        tracked = self.tracked
        # "Unchanged" says nothing to who does not know how it was.
        knowing = bool(tracked.native_id) and tracked.status in {Status.WELL, Status.ARCHIVED}
        page = self._page(self.address_of(), afresh=not knowing)
        self.kept.append(page.validator)
        self.sure = True
        if page.body is None:
            self.identity = Identity(tracked.native_id, tracked.place.name, tracked.status is Status.ARCHIVED)
            return
        found = read(Repository, page.body, "repositories")
        self._compare(str(found.id))
        if found.private and not self.private:
            raise Missing(
                f"{self.tracked.place.name} is private: github.private = true lets everybody here follow what the "
                "token of GITHUB_TOKEN sees",
                permanent=True,
            )
        self.identity = Identity(str(found.id), found.full_name, found.archived)
        self.name = found.full_name

    def doubt(self) -> None:
        """Ask what the repository is if no page said so: for one with nothing on it that is remembered.

        Somebody may have taken the name, and what is missing there or looks new would be told of (releases.md §2.5).
        """
        if not self.sure:
            self.identify()

    def _page(self, url: str, *, afresh: bool) -> Page:
        page = self.pages.get(url, None if afresh else self.validators.get(url))
        for address in (page.url, page.next_url):
            found = _NUMBER.search(address)
            if found:
                self._compare(found[1])
        return page

    def _compare(self, number: str) -> None:
        known = self.identity.native_id if self.identity else self.tracked.native_id
        if known and number != known:
            raise Strange(
                f"{self.tracked.place.name} is another repository now, number {number} in place of {known}: somebody "
                "else may have taken the name",
                permanent=True,
            )
        self.sure = self.sure or bool(known)
