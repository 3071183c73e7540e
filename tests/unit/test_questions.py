"""Questions as people ask them, as the words of /stock, and what is no question about stock."""

import pytest

from suanli.domain.stock import Fleet, Group, Model, Product
from suanli.domain.stock.questions import ASKING, FILLERS, LONGEST, PUNCTUATION, split, understand

FLEET = Fleet(
    products=(
        Product(Model("4090"), ("NVIDIA GeForce RTX 4090", "NVIDIA-GeForce-RTX-4090"), ("rtx4090", "四零九零")),
        Product(Model("H100"), ("NVIDIA H100 80GB HBM3",)),
        Product(Model("H20"), ("NVIDIA H20",)),
        Product(Model("H200"), ("NVIDIA H200",)),
        Product(Model("6000"), ("NVIDIA RTX 6000 Ada Generation",)),
    ),
    regions=(Group(("国内", "中国", "domestic", "cn")), Group(("海外", "国外", "overseas"), ("dallas",))),
    clocks=(Group(("普通", "standard")), Group(("高主频", "high-clock"), ("bingte",))),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("国内高主频4090有多少", ("4090", "国内", "高主频")),
        ("h100 海外 还有几张？", ("H100", "海外")),
        ("4090库存", ("4090",)),
        ("how many h20 are free in overseas", ("H20", "海外")),
        ("海外还有多少 H200 空闲", ("H200", "海外")),
        ("还有没有4090", ("4090",)),
        ("请问现在国内还剩多少张高主频的4090可以用？", ("4090", "国内", "高主频")),
        ("帮我查一下 普通 h20 的库存", ("H20", "普通")),
        ("4090现在还有多少张卡空着呢", ("4090",)),
        ("還有多少張H100嗎", ("H100",)),
        ("What's left of the H100, please?", ("H100",)),
        ("do we have any high-clock 4090 in stock now?", ("4090", "高主频")),
    ],
)
def test_a_question_becomes_the_words_of_the_command(text: str, expected: tuple[str, ...]) -> None:
    assert understand(text, FLEET) == expected


@pytest.mark.parametrize(
    "text",
    [
        "4090",
        "rtx4090 有吗",
        "四零九零还有几张",
        "nvidia  GEFORCE rtx 4090 有多少",
        "NVIDIA-GeForce-RTX-4090",
        "４０９０库存",
    ],
)
def test_a_model_is_known_by_every_name_in_any_case_and_width(text: str) -> None:
    assert understand(text, FLEET) == ("4090",)


def test_invisible_characters_and_odd_blanks_change_nothing() -> None:
    assert understand("\ufeff海外\u3000h\u200b20\u00a0\n还有几张", FLEET) == ("H20", "海外")


@pytest.mark.parametrize(("text", "model"), [("h20", "H20"), ("h200库存", "H200"), ("H100有多少", "H100")])
def test_h20_is_never_found_inside_h200(text: str, model: str) -> None:
    """The original's third defect: which of the two was answered was a matter of luck."""
    assert understand(text, FLEET) == (model,)


@pytest.mark.parametrize(
    "text",
    [
        "24090", "40901", "4090d库存", "x4090", "h2000有多少", "h20 0", "4090²", "①4090", "cn4090", "4090-d", "4090_",
        "h20/8", "-4090",
    ],
)  # fmt: skip
def test_a_name_with_more_attached_is_another_name(text: str) -> None:
    assert understand(text, FLEET) is None


@pytest.mark.parametrize("text", ["海外还有多少", "有没有高主频的卡", "how many cards are free in overseas"])
def test_a_region_or_a_clock_class_with_a_word_that_asks_is_a_question(text: str) -> None:
    assert understand(text, FLEET) is not None


@pytest.mark.parametrize(
    "text", ["海外", "高主频的", "国内 普通", "海外的卡在吗", "库存", "有多少", "how many cards", "", " ？ "]
)
def test_a_place_without_asking_or_asking_without_a_place_is_none(text: str) -> None:
    assert understand(text, FLEET) is None


@pytest.mark.parametrize(
    "text",
    ["H20和H200还有多少", "4090 h100", "国内海外4090库存", "高主频普通4090", "4090 海外 domestic 有多少"],
)
def test_two_of_a_kind_are_not_narrowed_to_one(text: str) -> None:
    assert understand(text, FLEET) is None


def test_the_same_thing_named_twice_is_one() -> None:
    assert understand("国内 cn 的 4090(rtx4090) 库存", FLEET) == ("4090", "国内")


@pytest.mark.parametrize(
    "text",
    [
        "4090到货了", "4090没有了", "没有4090", "买20张4090", "4090 明天有多少", "昨天4090有多少", "no 4090 left",
        "buy h100", "4090有多少 and reboot", "4090'; DROP TABLE nodes; --", "4090%", "4090 有多少 👀",
        "@_user_1 4090有多少",
    ],
)  # fmt: skip
def test_what_says_anything_else_is_not_understood(text: str) -> None:
    assert understand(text, FLEET) is None


def test_a_name_of_the_fleet_comes_before_the_word_it_looks_like() -> None:
    fleet = Fleet(FLEET.products, (Group(("印度", "in")), Group(("库存",), ("k",))), ())
    assert understand("4090 in", fleet) == ("4090", "印度")
    assert understand("4090库存有多少", fleet) == ("4090", "库存")


def test_a_longer_name_comes_before_a_shorter_one_unless_only_that_leaves_sense() -> None:
    fleet = Fleet(FLEET.products, (Group(("华东",)), Group(("华东二区",), ("hd2",)), Group(("东",), ("d",))), ())
    assert understand("华东二区4090", fleet) == ("4090", "华东二区")
    assert understand("华东区4090", fleet) == ("4090", "华东")
    assert understand("华东二4090", fleet) is None


def test_of_two_groups_with_one_name_the_first_is_meant() -> None:
    fleet = Fleet(FLEET.products, (Group(("国内", "本地")), Group(("海外", "本地"), ("x",))), ())
    assert understand("本地4090", fleet) == ("4090", "国内")


def test_an_empty_fleet_understands_nothing() -> None:
    assert understand("4090有多少", Fleet((), (), ())) is None
    assert split("4090", Fleet((), (), ())) is None
    assert understand(" ", Fleet((Product(Model("\u200b"), ()),), (), ())) is None


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("国内4090", ("4090", "国内")),
        ("高主频h100", ("H100", "高主频")),
        ("4090国内高主频", ("4090", "国内", "高主频")),
        ("海外高主频", ("海外", "高主频")),
        ("overseas", ("海外",)),
        ("国内24090", None),
        ("国内4090d", None),
        ("cn4090", None),
        ("国内4090库存", None),
        ("国内,4090", None),
        ("国内海外", None),
        ("h20h200", None),
        ("", None),
    ],
)
def test_a_glued_word_is_split_only_into_names(word: str, expected: tuple[str, ...] | None) -> None:
    assert split(word, FLEET) == expected


def test_a_text_longer_than_any_question_is_none_at_once() -> None:
    assert understand("4090" + "有" * (LONGEST - 4), FLEET) == ("4090",)
    assert understand("4090" + "有" * (LONGEST - 3), FLEET) is None
    assert understand("\ufdfa" * LONGEST, FLEET) is None
    assert split("国内" * LONGEST, FLEET) is None
    assert understand("4090" * 1_000_000, FLEET) is None


def test_a_long_text_that_nearly_reads_is_given_up_without_trying_every_cut() -> None:
    assert understand("在用在用有还剩剩下" * 22 + "x", FLEET) is None


def test_the_words_of_asking_are_written_as_they_are_looked_up() -> None:
    words = (*ASKING, *FILLERS, *PUNCTUATION)
    assert len(set(words)) == len(words)
    assert all(understand(f"4090 {word}", FLEET) == ("4090",) for word in words)
    assert all(understand(f"海外 {word}", FLEET) == ("海外",) for word in ASKING)
