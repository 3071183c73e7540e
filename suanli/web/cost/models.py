"""GET and POST /api/v1/cost/models, PUT and DELETE /api/v1/cost/models/{id}: what costs money, and how much.

A model is found by its provider's name for it, so that stays. Prices are versions: another price is added beside those
that there are, and every record keeps its own.
"""

from collections.abc import Mapping

from suanli.domain.access import Role
from suanli.domain.changes import Change, Way, difference
from suanli.domain.cost.money import Currency, MoneyError
from suanli.domain.cost.price_imports import terms_of
from suanli.domain.cost.prices import CostModel, CostModelId, Price, PriceError, PriceId, price_at
from suanli.domain.tokens import Permission
from suanli.web.api.cursors import cursor_of
from suanli.web.api.endpoints import Endpoint, Reply, Visit
from suanli.web.api.problems import Problem
from suanli.web.cost.model_bodies import (
    ModelAnswer,
    ModelChange,
    ModelsAnswer,
    ModelsAsked,
    NewModel,
    tag_of,
    told_of,
    told_of_price,
)
from suanli.web.cost.pages import begins_after

_PATH = "/api/v1/cost/models"
_ONE = f"{_PATH}/<int:id>"
_LOCK = "cost models"
"""Whoever changes a model by the API holds this, so that nobody's If-Match is of a state that is gone."""


def _list(visit: Visit) -> Reply:
    asked: ModelsAsked = visit.query
    book = visit.tx.prices.book(visit.site.money.currency)
    after = begins_after(visit, asked.cursor, asked.question)
    fitting = sorted(number for number, each in book.models.items() if number > after and asked.fits(each))
    shown, more = fitting[: asked.limit], len(fitting) > asked.limit
    with_history = asked.include == "history"
    items = [
        ModelAnswer.of(book.models[each], book.history(each), visit.now, history=with_history) for each in shown
    ]  # fmt: skip
    cursor = cursor_of((shown[-1],), asked.question) if more else None
    return Reply(ModelsAnswer(items=items, next_cursor=cursor, has_more=more))


def _create(visit: Visit) -> Reply:
    said: NewModel = visit.body
    visit.tx.lock(_LOCK)
    wanted = said.model()
    try:
        made = visit.tx.models.add(wanted)
    except ValueError:  # a deleted one of this name, which had prices for another unit
        raise Problem("conflict", visit.texts("api.cost.model_has_prices")) from None
    if made is None:
        known = visit.tx.models.named(wanted.provider, wanted.name)
        number = known.id if known else ""
        detail = visit.texts("api.cost.model_is_there", provider=wanted.provider, name=wanted.name, n=number)
        raise Problem("conflict", detail, {"model_id": number})
    price = _priced(visit, said, made)
    _note(visit, "model.create", made, {}, {**told_of(made), **told_of_price(price)})
    return _reply(visit, made, 201)


def _change(visit: Visit) -> Reply:
    said: ModelChange = visit.body
    visit.tx.lock(_LOCK)
    model = _found(visit)
    if said.renames(model):
        raise Problem("conflict", visit.texts("api.cost.model_name_stays"))
    changed = said.changed(model)
    try:
        if changed != model:
            visit.tx.models.change(changed)
    except ValueError:
        raise Problem("conflict", visit.texts("api.cost.model_has_prices")) from None
    before = price_at(visit.tx.prices.of(model.id), said.valid_from or visit.now)
    price = _priced(visit, said, changed) if said.says_prices else None
    if changed != model or price is not None:
        old = {**told_of(model), **(told_of_price(before) if price else {})}
        _note(visit, "model.change", changed, old, {**told_of(changed), **told_of_price(price)})
    return _reply(visit, changed, 200)


def _delete(visit: Visit) -> Reply:
    visit.tx.lock(_LOCK)
    model = _found(visit)
    if model.active:
        visit.tx.models.change(gone := ModelChange(active=False).changed(model))
        _note(visit, "model.delete", gone, told_of(model), told_of(gone))
    return Reply(status=204)


def _found(visit: Visit) -> CostModel:
    """The model of the address, in the state that the caller knows."""
    model = visit.tx.models.find(CostModelId(visit.path["id"]))
    if model is None:
        raise visit.missing(visit.texts("api.cost.model"))
    visit.expect(tag_of(model, visit.tx.prices.of(model.id)))
    return model


def _priced(visit: Visit, said: NewModel | ModelChange, model: CostModel) -> Price | None:
    """Add the price that is said to those of the model, unless it holds already; the one that was added."""
    since = said.valid_from or visit.now
    before = price_at(visit.tx.prices.of(model.id), since)
    currency = said.currency or (before.currency if before else visit.site.money.currency)
    try:
        rates, tiers = said.to_domain(before, model)
        price = Price(
            PriceId(0), model.id, rates, Currency(currency), since, source="api", set_by=visit.who, tiers=tiers
        )
        if before is not None and terms_of(model, before) == terms_of(model, price):
            return None
        return visit.tx.prices.add(price, visit.now)
    except KeyError as missing:
        key = "api.cost.no_output_price" if missing.args[0] == "output" else "api.cost.no_price_yet"
        raise _invalid(visit, f"{missing.args[0]}_price", visit.texts(key)) from None
    except PriceError as error:
        raise _invalid(visit, "price", visit.texts(f"api.price.{error.word}")) from None
    except MoneyError:
        raise _invalid(visit, "price", visit.texts("api.price.large")) from None


def _invalid(visit: Visit, field: str, message: str) -> Problem:
    return Problem("invalid", visit.texts("api.invalid"), {"errors": [{"field": field, "message": message}]})


def _reply(visit: Visit, model: CostModel, status: int) -> Reply:
    answer = ModelAnswer.of(model, visit.tx.prices.of(model.id), visit.now)
    return Reply(answer, status, {"ETag": f'"{answer.etag}"'})


def _note(visit: Visit, what: str, model: CostModel, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    old, new = difference(before, after)
    visit.tx.changes.note(Change(visit.now, visit.who, Way.API, what, f"model {model.id}", old, new))


_READ, _MANAGE = Permission.READ, Permission.MANAGE

ENDPOINTS = (
    Endpoint("GET", _PATH, "list_models", _READ, _list, query=ModelsAsked, reply=ModelsAnswer),
    Endpoint(
        "POST", _PATH, "create_model", _MANAGE, _create,
        body=NewModel, reply=ModelAnswer, status=201, role=Role.OPERATOR, problems=("conflict",),
    ),
    Endpoint(
        "PUT", _ONE, "change_model", _MANAGE, _change,
        body=ModelChange, reply=ModelAnswer, role=Role.OPERATOR, problems=("not-found", "conflict", "changed"),
    ),
    Endpoint(
        "DELETE", _ONE, "delete_model", _MANAGE, _delete,
        status=204, role=Role.OPERATOR, problems=("not-found", "changed"),
    ),
)  # fmt: skip
