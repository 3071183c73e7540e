"""How long it takes to look for 1,000 keywords in a text of 10 kB, beside the ways that come to mind first."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

from bench.figures import Figure, Target, percentile
from bench.processes import apart
from bench.proof import WrongError
from suanli.clock import SystemClock
from suanli.domain.releases import Item, Kind, State
from suanli.domain.releases.filters import Document, Filter, parse

KEYWORDS, BYTES, HITS = 1000, 10_000, 50
"""So many of the keywords are in each text, and what happens to be there besides."""

TEXTS, A_FILTER = 20, 10
_DONE_WITHIN = 120.0

_MODELS = (
    "deepseek", "qwen", "glm", "kimi", "llama", "mistral", "gemma", "phi", "internlm", "minicpm", "hunyuan", "ernie",
    "pangu", "falcon", "mamba", "granite", "nemotron", "baichuan", "stepfun", "whisper",
)  # fmt: skip
_FORMS = (
    "v2", "v3.2", "v4", "7b", "32b", "235b-a22b", "moe", "vl", "omni", "coder", "math", "math-rl", "r1", "base",
    "chat", "instruct", "awq", "gptq", "fp8", "gguf", "eagle", "draft", "reward", "embedding", "reranker", "tts", "asr",
    "ocr", "agent", "long-context", "tool-calling", "sliding-window", "ring-attention", "expert-parallel", "turbo",
)  # fmt: skip
_THINGS = (
    "显存", "算子", "量化", "推理", "训练", "权重", "缓存", "张量", "流水线", "通信", "调度", "编译", "昇腾", "海光",
    "寒武纪",
)  # fmt: skip
_TROUBLES = (
    "溢出", "融合", "精度", "超时", "崩溃", "泄漏", "对齐", "并行", "适配", "回退", "冲突", "死锁", "预热", "压缩",
    "切分", "校验", "重排", "抖动", "降级", "扩容",
)  # fmt: skip

_SENTENCES = (
    "The server was started with the usual options and answered well for ten minutes before it stopped. {} ",
    "After the upgrade to {} the first request takes forty seconds, all others are as quick as before.\n",
    "启动服务之后前十分钟一切正常，随后所有请求都没有返回，日志里也没有任何报错，{}除外。",
    "回到上一个版本就恢复正常，所以应该和{}无关。\n",
    "```\nRuntimeError: an illegal memory access was encountered in {} (worker 3, rank 11, step 18204)\n```\n",
)
_SPELLINGS: Sequence[Callable[[str], str]] = (
    str,
    str.upper,
    str.title,
    lambda word: word.replace("-", " "),
    lambda word: word.replace("-", "_"),
    lambda word: word.replace("-", "\N{NON-BREAKING HYPHEN}"),
    lambda word: word.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}),
)
"""How people write a keyword: in any case, with blanks or dashes of several kinds, and in full width."""

Found = frozenset[str]


@dataclass(frozen=True, slots=True)
class Looked:
    """Seconds for each text: with filters of ten words, with a filter for each, and the two other ways.

    `found` is how many keywords all texts have, and `by_one` how many of these one expression finds.
    """

    tens: tuple[float, ...]
    ones: tuple[float, ...]
    one: tuple[float, ...]
    each: tuple[float, ...]
    found: int
    by_one: int


def measure(*, rounds: int) -> tuple[Figure, ...]:
    """So many rounds over the texts, in a process of its own; a text is prepared anew each time."""
    looked = apart(_DONE_WITHIN, look, rounds)

    def figure(what: str, seconds: Sequence[float], share: float, target: Target | None = None) -> Figure:
        name = f"{KEYWORDS} keywords in {BYTES // 1000} kB, {what}: p{share * 100:.0f}"
        return Figure(name, percentile(seconds, share) * 1000, "ms", target)

    return (
        figure(f"filters of {A_FILTER}", looked.tens, 0.50),
        figure(f"filters of {A_FILTER}", looked.tens, 0.99, Target("<", 2)),
        figure("a filter for each", looked.ones, 0.50),
        figure("a filter for each", looked.ones, 0.99),
        figure(f"one expression, finds {looked.by_one} of {looked.found}", looked.one, 0.50),
        figure("an expression for each", looked.each, 0.50),
    )


def look(rounds: int) -> Looked:
    """Runs in a process of its own. What our filters find is what an expression for each finds, or it is an error."""
    words = keywords()
    texts = [text_with(words, seed) for seed in range(TEXTS)]
    expressions = {word: expression_of(word) for word in words}
    one = re.compile("|".join(_pattern(word) for word in sorted(words, key=len, reverse=True)))
    each, expected = _timed(lambda text: by_each(expressions, text), texts)
    single, by_one = _timed(lambda text: frozenset(one.findall(plain(text))), texts * rounds)
    tens, ones = (_by_filters(words, size, texts * rounds, expected * rounds) for size in (A_FILTER, 1))
    return Looked(tens, ones, single, each, sum(map(len, expected)), sum(map(len, by_one[: len(texts)])))


def _by_filters(words: Sequence[str], size: int, texts: Sequence[str], expected: Sequence[Found]) -> tuple[float, ...]:
    filters = [parse("|".join(words[n : n + size])) for n in range(0, len(words), size)]
    seconds, found = _timed(lambda text: by_filters(filters, text), texts)
    if found != expected:
        raise WrongError(f"filters of {size} words find something else than expressions do")
    return seconds


def keywords() -> list[str]:
    """Names of models, and troubles in Chinese."""
    english = [f"{model}-{form}" for model, form in product(_MODELS, _FORMS)]
    return english + [f"{thing}{trouble}" for thing, trouble in product(_THINGS, _TROUBLES)]


def text_with(words: Sequence[str], seed: int) -> str:
    """A text of BYTES bytes, half Chinese and half English, with HITS of the words in several spellings."""
    lot = Random(seed)  # noqa: S311 the same in every run
    hits = [lot.choice(_SPELLINGS)(word) for word in lot.sample(words, HITS)]
    said = [lot.choice(_SENTENCES).format(hit) for hit in hits]
    while sum(len(each.encode()) for each in said) < BYTES:
        said.append(lot.choice(_SENTENCES).format("…"))
    return "".join(said).encode()[:BYTES].decode(errors="ignore")


def by_filters(filters: Sequence[Filter], text: str) -> Found:
    """What filters find in a text that they have never seen."""
    document = Document.of(Item(Kind.ISSUE, "#1", "#1", "", "", State.OPEN, body=text))
    return frozenset(word for one in filters for word in one.match(document) or ())


def by_each(expressions: dict[str, re.Pattern[str]], text: str) -> Found:
    """What the same rules find, said as plainly as can be (releases.md §2.8)."""
    line = plain(text)
    return frozenset(word for word, expression in expressions.items() if expression.search(line))


def plain(text: str) -> str:
    """A text in one width and one case, in which dashes and blanks are the same."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"\s+", " ", re.sub("[-_\u2010-\u2015\u2212]", " ", folded))


def expression_of(word: str) -> re.Pattern[str]:
    """A keyword with its ends, to be looked for in a plain text."""
    return re.compile(_pattern(word))


def _pattern(word: str) -> str:
    line = plain(word)
    before, after = ("(?<![0-9a-z])", "(?![a-z])") if line.isascii() else ("", "")
    return f"{before}{re.escape(line)}{after}"


def _timed(find: Callable[[str], Found], texts: Sequence[str]) -> tuple[tuple[float, ...], list[Found]]:
    clock, seconds, found = SystemClock(), list[float](), list[Found]()
    for text in texts:
        started = clock.elapsed()
        found.append(find(text))
        seconds.append(clock.elapsed() - started)
    return tuple(seconds), found
