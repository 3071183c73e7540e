"""The ways to a list of ModelScope's (releases.md §1.3), in the order in which they are to be trusted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from suanli.domain.errors import RemoteError
from suanli.domain.releases import Part, Validator
from suanli.domain.releases.failures import Drift, Missing
from suanli.sources.conditional import Page
from suanli.sources.lists import Client, understood
from suanli.sources.modelscope.bodies import Datasets, Legacy, Models, Slice, Website, refusal

_OPENAPI = "/openapi/v1"
_OLDER = "/api/v1/models/"
_SEARCH = "/api/v1/dolphin/models"

Ask = Callable[[str, int, Mapping[str, Validator]], Page]
"""Asks for a page: of which owner, its number from 1 on, and what the first page can be asked with."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to a list, `size` entries a page, nothing behind `last_page`.

    `official`: the newest change comes first, so that what is known may end the reading; but the owner is only
    searched for, and others may come too. The other ways have no order that is described anywhere, so all is read;
    they list the owner's only, and an answer with none of them means that the question was not understood.
    """

    name: str
    official: bool
    size: int
    last_page: int
    ask: Ask
    form: type[Models | Datasets | Legacy | Website]

    def page(self, owner: str, number: int, validators: Mapping[str, Validator]) -> Page:
        """A page as it comes. Raises RemoteError."""
        try:
            return self.ask(owner, number, validators)
        except RemoteError as error:
            # The address names no owner, or only asks for one: that it is not there says nothing about that owner.
            if isinstance(error, Missing) or error.code == HTTPStatus.OK:
                raise Drift(f"there is no list of ModelScope's any more (way {self.name}): {error}") from None
            raise

    def slice(self, body: Any, site: str) -> Slice:
        """What is on a page. Raises RemoteError, Drift when it is not built as it should be."""
        error = refusal(body)
        if error:
            raise error
        return understood(self.form, body, f"a list of ModelScope's (way {self.name})").to_domain(site)


def ways_to(part: Part, client: Client, older: Client) -> tuple[Way, ...]:
    """The ways to the models or the data sets; the latter have one. `older` asks on all but the first."""
    form = Models if part is Part.MODELS else Datasets
    official = Way("a", official=True, size=50, last_page=60, ask=_openapi(client, part), form=form)
    if part is not Part.MODELS:
        return (official,)
    return (
        official,
        Way("b", official=False, size=100, last_page=1000, ask=_older(older), form=Legacy),
        Way("c", official=False, size=100, last_page=1000, ask=_search(older), form=Website),
    )


def _openapi(client: Client, part: Part) -> Ask:
    def ask(owner: str, number: int, validators: Mapping[str, Validator]) -> Page:
        query = f"owner={quote(owner, safe='')}&sort=last_modified&page_number={number}&page_size=50"
        address = client.address_of(f"{_OPENAPI}/{part}?{query}")
        return client.get(address, validators.get(address) if number == 1 else None)

    return ask


def _older(client: Client) -> Ask:
    def ask(owner: str, number: int, _: Mapping[str, Validator]) -> Page:
        return client.put_json(_OLDER, {"Path": owner, "PageNumber": number, "PageSize": 100})

    return ask


def _search(client: Client) -> Ask:
    def ask(owner: str, number: int, _: Mapping[str, Validator]) -> Page:
        criterion = {"category": "organizations", "predicate": "contains", "values": [owner]}
        body = {"Name": "", "SortBy": "GmtModified", "PageNumber": number, "PageSize": 100, "Target": ""}
        return client.put_json(_SEARCH, {**body, "SingleCriterion": [], "Criterion": [criterion]})

    return ask
