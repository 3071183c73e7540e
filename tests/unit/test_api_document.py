"""The API says what it can do: to programs, to people, in docs/api.md, in both languages, and all of it alike."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from openapi_spec_validator import validate

from storage.store import SqlStore
from suanli.i18n import Lang, texts_in
from suanli.sandbox.server import LoopbackServer
from suanli.web.api.document import document
from suanli.web.api.endpoints import Endpoint
from suanli.web.api.page import page
from suanli.web.api.problems import STATUS
from suanli.web.api.reading import reading_blueprint
from suanli.web.app import build_app
from suanli.web.cost import ENDPOINTS
from tests.dialogue import SITE
from tests.fakes import FakeClock

API = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
ORIGINALS = """
GET dashboard | GET models | POST models | PUT models/<int:id> | DELETE models/<int:id> | GET records
GET records/export | GET quotas | POST quotas | PUT quotas/<int:id> | POST quotas/<int:id>/reset | GET analytics
GET optimizations | POST optimizations/generate | GET alerts | POST alerts/<int:id>/resolve | GET budgets
POST budgets | PUT budgets/<int:id> | POST estimate
"""


def table() -> str:
    """The table of docs/api.md, as it should be."""
    texts = texts_in(Lang.EN)
    rows = (
        f"| `{each.method} {shown(each)}` | {texts(f'api.do.{each.name}')} | `{each.permission.value}` |"
        f" {each.role.word} |"
        for each in ENDPOINTS
    )
    return "\n".join(("| address | what it does | permission | role |", "|---|---|---|---|", *rows))


def shown(endpoint: Endpoint) -> str:
    return endpoint.path.replace("<int:id>", "{id}").replace("<key>", "{key}")


@pytest.fixture
def url(sqlite_store: SqlStore, clock: FakeClock) -> Iterator[str]:
    app = build_app(sqlite_store, clock, [reading_blueprint(ENDPOINTS, SITE)], SITE)
    with LoopbackServer(app) as server:
        yield server.url


def test_the_originals_endpoints_are_all_there() -> None:
    have = {f"{each.method} {each.path.removeprefix('/api/v1/cost/')}" for each in ENDPOINTS}
    asked = {each.strip() for line in ORIGINALS.split("\n") for each in line.split("|") if each.strip()}
    assert len(asked) == 20
    assert asked <= have


def test_no_two_endpoints_have_one_name_or_one_address() -> None:
    assert len({each.name for each in ENDPOINTS}) == len(ENDPOINTS)
    assert len({(each.method, each.path) for each in ENDPOINTS}) == len(ENDPOINTS)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: str(each.name))
@pytest.mark.parametrize("lang", Lang)
def test_every_endpoint_says_what_it_does_in_both_languages(endpoint: Endpoint, lang: Lang) -> None:
    texts = texts_in(lang)
    assert texts(f"api.do.{endpoint.name}")
    assert all(texts(f"api.problem.{kind.replace('-', '_')}") for kind in (*STATUS, *endpoint.problems))


def test_the_table_of_the_document_is_that_of_the_endpoints() -> None:
    stands = API.partition("<!-- endpoints:begin -->\n")[2].partition("\n<!-- endpoints:end -->")[0]
    assert stands == table()


@pytest.mark.parametrize("lang", Lang)
def test_the_openapi_document_is_one_by_another_readers_judgement(lang: Lang) -> None:
    validate(document(ENDPOINTS, texts_in(lang), "1.2.3"))


def test_every_endpoint_is_in_the_openapi_document_with_its_body_and_its_answer() -> None:
    found = document(ENDPOINTS, texts_in(Lang.EN), "1.2.3")
    for endpoint in ENDPOINTS:
        operation = found["paths"][shown(endpoint)][endpoint.method.lower()]
        assert operation["operationId"] == endpoint.name
        assert ("requestBody" in operation) == bool(endpoint.body or endpoint.raw)
        done = operation["responses"][str(endpoint.status)]
        assert ("content" in done) == (endpoint.reply is not None or endpoint.media != ("application/json",))
        assert {"401", "403"} <= operation["responses"].keys()
        names = {each["name"] for each in operation["parameters"]}
        assert endpoint.query.model_fields.keys() <= names
        assert ("If-Match" in names) == ("changed" in endpoint.problems)


def operation(path: str, method: str) -> dict[str, Any]:
    found: dict[str, Any] = document(ENDPOINTS, texts_in(Lang.EN), "1")["paths"][f"/api/v1/cost/{path}"][method]
    return found


def test_whatever_is_answered_is_in_the_document() -> None:
    export = operation("records/export", "get")["responses"]["200"]["content"]
    assert list(export) == ["text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"]
    for path in ("records", "reservations"):
        responses = operation(path, "post")["responses"]
        assert {"200", "201", "409", "422"} <= responses.keys()
        assert responses["200"]["content"] == responses["201"]["content"]
    assert operation("reservations", "post")["responses"]["422"]["description"] == "Invalid request / No price"
    assert operation("quotas", "post")["responses"]["422"]["description"] == "Invalid request / Key already used"


def test_where_a_key_counts_is_in_the_document_and_so_is_where_it_does_not() -> None:
    for endpoint in ENDPOINTS:
        found = document([endpoint], texts_in(Lang.EN), "1")["paths"][shown(endpoint)][endpoint.method.lower()]
        has_header = "Idempotency-Key" in {each["name"] for each in found["parameters"]}
        says_no = "Idempotency-Key does nothing" in found["description"]
        assert has_header + says_no == (endpoint.method == "POST")
    takes_none = {each.name for each in ENDPOINTS if each.method == "POST" and not (each.keeps_key or each.own_key)}
    assert takes_none == {"tell_records", "tell_litellm", "estimate_cost", "reconcile_books"}


def test_every_reference_of_the_document_leads_somewhere() -> None:
    found = document(ENDPOINTS, texts_in(Lang.EN), "1.2.3")
    schemas = found["components"]["schemas"]
    wanted = {part.partition('"')[0] for part in json.dumps(found).split('"#/components/schemas/')[1:]}
    assert wanted <= schemas.keys()


def test_anybody_may_read_both_in_the_language_that_they_ask_for(url: str) -> None:
    for lang, title in (("en", "Cost API of suanli"), ("zh-CN", "算力成本 API"), ("fr", "算力成本 API")):
        openapi = requests.get(f"{url}/openapi.json", headers={"Accept-Language": lang}, timeout=10)
        docs = requests.get(f"{url}/docs", headers={"Accept-Language": lang}, timeout=10)
        assert (openapi.json()["info"]["title"], openapi.json()["info"]["version"]) == (title, "1.2.3")
        assert f"<h1>{title}</h1>" in docs.content.decode()
        assert openapi.headers["Vary"] == docs.headers["Vary"] == "Accept-Language"
    assert "script" not in docs.headers["Content-Security-Policy"]
    assert "default-src 'none'" in docs.headers["Content-Security-Policy"]


def test_the_page_has_every_endpoint_and_no_script(url: str) -> None:
    content = requests.get(f"{url}/docs", headers={"Accept-Language": "en"}, timeout=10).content.decode()
    for endpoint in ENDPOINTS:
        path = shown(endpoint)
        assert f'<span class="m {endpoint.method}">{endpoint.method}</span> <code>{path}</code>' in content
    assert "<script" not in content
    assert content.count("<details>") == len(ENDPOINTS)


def test_what_stands_in_a_text_is_never_markup_on_the_page() -> None:
    found = document(ENDPOINTS, texts_in(Lang.EN), "1.2.3")
    path, operation = next(iter(found["paths"].items()))
    operation["get"]["summary"] = found["info"]["title"] = "<img src=x onerror=alert(1)>"
    operation["get"]["parameters"][0]["description"] = "<b>"
    shown_page = page(found, texts_in(Lang.EN))
    assert "<img" not in shown_page
    assert "<b>&lt;" not in shown_page
    assert path in shown_page
