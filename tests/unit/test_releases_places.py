"""The words for places: what names one, what names none, and that no name can do harm in an address."""

from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.releases import Hub, Place
from suanli.domain.releases.places import read_place

VLLM = Place(Hub.GITHUB, "vllm-project/vllm")
ON_HF = Place(Hub.HUGGINGFACE, "deepseek-ai")
ON_MS = Place(Hub.MODELSCOPE, "deepseek-ai")


@pytest.mark.parametrize(
    ("word", "place"),
    [
        ("vllm-project/vllm", VLLM),
        (" vllm-project/vllm\n", VLLM),
        ("github:vllm-project/vllm", VLLM),
        ("GitHub: vllm-project/vllm", VLLM),
        ("https://github.com/vllm-project/vllm", VLLM),
        ("https://github.com/vllm-project/vllm/", VLLM),
        ("https://github.com/vllm-project/vllm.git", VLLM),
        ("https://github.com/vllm-project/vllm/issues", VLLM),
        ("https://github.com/vllm-project/vllm/issues?q=is%3Aopen#top", VLLM),
        ("https://github.com/vllm-project/vllm/releases/tag/v0.9.0", VLLM),
        ("HTTPS://WWW.GitHub.com/vllm-project/vllm", VLLM),
        ("github.com/vllm-project/vllm", VLLM),
        ("ｖｌｌｍ－ｐｒｏｊｅｃｔ／ｖｌｌｍ", VLLM),
        ("a/.github", Place(Hub.GITHUB, "a/.github")),
        ("a/..b", Place(Hub.GITHUB, "a/..b")),
        ("A/B_c.d-e", Place(Hub.GITHUB, "A/B_c.d-e")),
        (f"{'a' * 39}/{'b' * 100}", Place(Hub.GITHUB, f"{'a' * 39}/{'b' * 100}")),
        ("hf:deepseek-ai", ON_HF),
        ("HF：deepseek-ai", ON_HF),
        ("ｈｆ：ｄｅｅｐｓｅｅｋ－ａｉ", ON_HF),
        ("huggingface:deepseek-ai", ON_HF),
        ("https://huggingface.co/deepseek-ai", ON_HF),
        ("https://huggingface.co/deepseek-ai/", ON_HF),
        ("https://huggingface.co/deepseek-ai?sort=modified", ON_HF),
        (f"hf:{'a' * 96}", Place(Hub.HUGGINGFACE, "a" * 96)),
        ("ms:deepseek-ai", ON_MS),
        ("modelscope:Shanghai_AI_Laboratory", Place(Hub.MODELSCOPE, "Shanghai_AI_Laboratory")),
        ("https://modelscope.cn/organization/deepseek-ai", ON_MS),
        ("https://www.modelscope.cn/organization/deepseek-ai?tab=model", ON_MS),
        ("https://www.modelscope.cn/profile/deepseek-ai", ON_MS),
    ],
)
def test_a_place_is_named_by_a_word_or_by_its_address(word: str, place: Place) -> None:
    assert read_place(word) == place


@pytest.mark.parametrize(
    "word",
    [
        "",
        "vllm",
        "vllm-project/",
        "/vllm",
        "vllm-project/vllm/issues",
        "vllm-project//vllm",
        "vllm project/vllm",
        "vllm-project/vllm 中",
        "a/.",
        "a/..",
        "a/.git",
        "a/b.git.git",
        "a/b.GIT",
        "../b",
        "-a/b",
        "a_b/c",
        "a.b/c",
        f"{'a' * 40}/b",
        f"a/{'b' * 101}",
        "a/b%2e",
        "a/b?x=1",
        "a/b#x",
        "a\\b",
        "github:vllm",
        "gitlab:a/b",
        ":a/b",
        "ssh://git@github.com/a/b",
        "https://github.com/",
        "https://github.com/vllm-project",
        "https://github.com/orgs/vllm-project/repositories",
        "https://github.com/a/b/../../c/d",
        "https://github.com/a/b/%2E%2e/c",
        "https://github.com/a/b\\..\\c",
        "https://github.com/a/b/ c",
        "https://github.com.evil.example/a/b",
        "https://evil.example/github.com/a/b",
        "https://user@github.com/a/b",
        "https://github.com:8443/a/b",
        "hf:",
        "hf:deepseek-ai/DeepSeek-V3",
        "hf:.",
        "hf:..",
        "hf:-a",
        "hf:深度求索",
        f"hf:{'a' * 97}",
        "hf:models",
        "hf:hf:a",
        "https://huggingface.co/",
        "https://huggingface.co/deepseek-ai/DeepSeek-V3",
        "https://huggingface.co/datasets/a",
        "https://huggingface.co/spaces",
        "ms:",
        "ms:a/b",
        "https://modelscope.cn/models/deepseek-ai/DeepSeek-V3",
        "https://modelscope.cn/organization/",
        "https://modelscope.cn/organization/a/b",
        "https://modelscope.cn/organization/..",
    ],
)
def test_anything_else_names_none(word: str) -> None:
    assert read_place(word) is None


@pytest.mark.parametrize("place", [VLLM, ON_HF, ON_MS])
def test_the_word_of_a_place_names_it(place: Place) -> None:
    assert read_place(place.word) == place


PREFIXES = st.sampled_from(
    ["", "github:", "hf:", "ms:", "https://github.com/", "https://huggingface.co/", "https://modelscope.cn/profile/"]
)
LIKELY = st.text("ab-._/\\%:?#2eｅ／．。 \n@", max_size=12)


@given(PREFIXES, LIKELY | st.text(max_size=12) | st.from_regex(r"[a-z]{1,5}/[a-z.]{1,5}", fullmatch=True))
def test_what_is_accepted_can_stand_in_an_address_as_it_is(prefix: str, rest: str) -> None:
    place = read_place(prefix + rest)
    if place is None:
        return
    assert quote(place.name, safe="/") == place.name
    assert urlsplit(f"https://host/x/{place.name}/y").path == f"/x/{place.name}/y"
    assert not {"", ".", ".."} & set(place.name.split("/"))
    assert place.name.count("/") == (place.hub is Hub.GITHUB)
    assert read_place(place.word) == place


def test_a_huge_word_is_looked_at_at_once() -> None:
    assert read_place("a/" + "." * 1_000_000) is None
    assert read_place("https://github.com/a/b/" + "%2e" * 300_000) == Place(Hub.GITHUB, "a/b")
