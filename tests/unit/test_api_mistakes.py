"""What is wrong with a request, in the language of who sent it, and never what was sent."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from suanli.i18n import Lang, texts_in
from suanli.web.api.bodies import GivenAmount, GivenPrice, Moment
from suanli.web.api.mistakes import errors_of


class Fruit(StrEnum):
    APPLE = "apple"
    PEAR = "pear"


class Said(BaseModel):
    model_config = ConfigDict(extra="forbid")

    whole: Annotated[int, Field(ge=1, le=3)] = 1
    above: Annotated[int, Field(gt=0, lt=9)] = 1
    part: float = 0
    yes: bool = True
    fruit: Fruit = Fruit.APPLE
    word: Literal["x", "y"] = "x"
    text: Annotated[str, StringConstraints(min_length=2, max_length=3)] = "ab"
    code: Annotated[str, StringConstraints(pattern="^[A-Z]+$")] = "A"
    at: AwareDatetime | None = None
    on: date | None = None
    some: Annotated[list[int], Field(max_length=1)] = []
    pairs: dict[str, int] = {}
    amount: GivenAmount | None = None
    price: GivenPrice | None = None
    moment: Moment | None = None


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"whole": "secret"}, "whole", "要写整数"),
    ({"whole": 1.5}, "whole", "要写整数"),
    ({"whole": 0}, "whole", "不能小于 1"),
    ({"whole": 4}, "whole", "不能大于 3"),
    ({"above": 0}, "above", "要大于 0"),
    ({"above": 9}, "above", "要小于 9"),
    ({"part": "secret"}, "part", "要写数字"),
    ({"yes": "secret"}, "yes", "要写 true 或 false"),
    ({"fruit": "secret"}, "fruit", "只能是其中之一：apple, pear"),
    ({"word": "secret"}, "word", "只能是其中之一：x, y"),
    ({"text": "s"}, "text", "至少要有 2 个字符"),
    ({"text": "secret"}, "text", "最多 3 个字符"),
    ({"text": 1}, "text", "要写成文字（字符串）"),
    ({"code": "secret"}, "code", "格式不对，要符合 ^[A-Z]+$"),
    ({"at": "secret"}, "at", "要写 ISO 8601 的时刻，例如 2026-11-20T12:00:00+08:00"),
    ({"at": "2026-11-20T12:00:00"}, "at", "时刻要带时区，例如 2026-11-20T12:00:00+08:00"),
    ({"on": "secret"}, "on", "要写日期，例如 2026-11-20"),
    ({"some": [1, 2]}, "some", "最多 1 项"),
    ({"some": "secret"}, "some", "要写 JSON 数组"),
    ({"pairs": ["secret"]}, "pairs", "要写 JSON 对象"),
    ({"pairs": {"a": "secret"}}, "pairs.a", "要写整数"),
    ({"amount": "secret"}, "amount", '金额要写成数字，或者 "12.50" 这样的字符串'),
    ({"amount": True}, "amount", '金额要写成数字，或者 "12.50" 这样的字符串'),
    ({"amount": "0.0000000001"}, "amount", "金额最多九位小数，而且要记得下"),
    ({"amount": "-1"}, "amount", "金额不能小于 0"),
    ({"price": "secret"}, "price", '价格要写成数字，或者 "0.0021" 这样的字符串'),
    ({"moment": "9999-12-31T23:00:00Z"}, "moment", "时刻要在公元 1 年到 9999 年之间"),
    ({"secret": 1}, "secret", "这里没有这一项，请检查拼写"),
]  # fmt: skip


def errors(model: type[BaseModel], said: Any, lang: Lang) -> list[dict[str, str]]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(said)
    return errors_of(caught.value, texts_in(lang))


@pytest.mark.parametrize(("said", "field", "message"), WRONG)
def test_a_mistake_is_told_in_the_language_of_who_made_it(said: dict[str, Any], field: str, message: str) -> None:
    assert errors(Said, said, Lang.ZH) == [{"field": field, "message": message}]
    (english,) = errors(Said, said, Lang.EN)
    assert english["field"] == field
    assert english["message"].isascii()
    assert "secret" not in english["message"] + message


def test_what_has_to_be_said_is_named() -> None:
    class Needs(BaseModel):
        name: str

    assert errors(Needs, {}, Lang.ZH) == [{"field": "name", "message": "没有写"}]
    assert errors(Needs, [], Lang.ZH) == [{"field": "", "message": "要写 JSON 对象"}]


def test_a_kind_of_which_there_is_no_text_is_told_in_the_librarys_own_words() -> None:
    class Odd(BaseModel):
        found: set[int]

    assert errors(Odd, {"found": "secret"}, Lang.ZH) == [{"field": "found", "message": "Input should be a valid set"}]


def test_no_more_than_twenty_mistakes_are_told() -> None:
    assert len(errors(Said, {f"f{number}": 1 for number in range(49)}, Lang.ZH)) == 20
