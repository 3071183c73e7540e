"""Questions as people ask them: "国内高主频4090有多少" and "how many h20 are free" as the words of /stock.

A sentence is understood only if every part of it is: a name of the fleet, or a word of asking. What says anything else
("4090 到货了", "buy 20 h100") is none of these functions' business.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from suanli.domain.stock.fleet import Fleet

LONGEST = 200
"""Characters of a question; nobody asks for stock in more."""

ASKING = (
    "多少", "几张", "幾張", "几块", "几个", "几卡", "库存", "庫存", "余量", "存量", "有货", "现货", "有没有", "有沒有",
    "剩", "剩下", "剩余", "空闲", "空閒", "空余", "空着", "闲置", "可用", "能用", "可以用",
    "how many", "how much", "stock", "inventory", "free", "available", "availability", "left", "remaining", "unused",
    "idle", "spare",
)  # fmt: skip
"""Words that ask how many there are: with one of these, a region or a clock class alone makes a question."""

FILLERS = (
    "请", "请问", "請問", "麻烦", "帮我", "帮忙", "告诉我", "想知道", "查", "查询", "查下", "看", "看下",
    "给我看", "一下", "我们", "咱们", "有", "还", "還", "现在", "目前", "当前", "今天", "总", "共", "总共", "一共",
    "总数", "数量", "用了", "已用", "在用", "的", "是", "在", "里", "内", "区", "地区", "区域", "机房", "集群", "型号",
    "情况", "怎么样", "如何", "张", "張", "块", "个", "卡", "显卡", "吗", "嗎", "呢", "嘛", "么", "啊", "呀",
    "please", "pls", "show", "show me", "tell me", "check", "can you", "do we have", "have we got", "what is",
    "what's", "whats", "is", "are", "there", "do", "we", "have", "got", "any", "of", "in", "for", "the", "our", "now",
    "right now", "currently", "today", "still", "total", "used", "gpu", "gpus", "card", "cards",
)  # fmt: skip
"""Words that may stand around it. None of them denies, orders, or speaks of another time: that would be no question."""

PUNCTUATION = " ,.?!;:~'\"、。“”‘’()[]【】《》「」"
"""What may stand between words, after NFKC. No dash, slash or sign: "4090-d" may be a card of its own."""

_LETTER = re.compile(r"[^\W\u2e80-\u9fff\uf900-\ufaff]")
"""A letter or digit of a script that puts blanks between words: two of them side by side belong to one word."""


class _Kind(Enum):
    MODEL = auto()
    REGION = auto()
    CLOCK = auto()
    ASKING = auto()
    FILLER = auto()


_NAMES = (_Kind.MODEL, _Kind.REGION, _Kind.CLOCK)


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a word stands for; `name` is the fleet's own."""

    kind: _Kind
    name: str = ""


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """Words and what they stand for, with the lengths that words have, longest first."""

    meanings: Mapping[str, _Meaning]
    lengths: tuple[int, ...]

    def read(self, text: str) -> tuple[_Meaning, ...] | None:
        """The words that make up the whole of `text`, the longest possible first; None when none do."""
        sizes = self._sizes(text)
        if not text or not sizes[0]:
            return None
        found, at = [], 0
        while at < len(text):
            found.append(self.meanings[text[at : at + sizes[at]]])
            at += sizes[at]
        return tuple(found)

    def _sizes(self, text: str) -> list[int]:
        """For each position the size of the longest word after which the rest can be read; 0 where there is none."""
        end = len(text)
        sizes = [0] * end + [1]
        for at in reversed(range(end)):
            sizes[at] = next((size for size in self._after(text, at) if at + size <= end and sizes[at + size]), 0)
        return sizes

    def _after(self, text: str, at: int) -> Iterator[int]:
        """The sizes of the words that stand at a position; where one ends, the next begins."""
        found = (size for size in self.lengths if text[at : at + size] in self.meanings)
        return (size for size in found if not _is_inside(text, at + size))


def understand(text: str, fleet: Fleet) -> tuple[str, ...] | None:
    """The words of /stock for a question: model, region and clock class, as far as named; None if it is no question."""
    meanings = _read(text, _lexicon(fleet))
    names = _names(meanings or ())
    if not meanings or not names:
        return None
    asks = any(meaning.kind in {_Kind.MODEL, _Kind.ASKING} for meaning in meanings)
    return names if asks else None


def split(word: str, fleet: Fleet) -> tuple[str, ...] | None:
    """The names that a word is glued from ("国内4090"), model first; None when it holds anything else."""
    return _names(_read(word, _glue(fleet)) or ()) or None


def _read(text: str, lexicon: _Lexicon) -> tuple[_Meaning, ...] | None:
    folded = _fold(text) if len(text) <= LONGEST else ""
    return lexicon.read(folded) if len(folded) <= LONGEST else None


def _names(meanings: Iterable[_Meaning]) -> tuple[str, ...]:
    """The model, region and clock class that are named; nothing if there are two of a kind: /stock takes one."""
    named = [{m.name for m in meanings if m.kind is kind} for kind in _NAMES]
    return () if any(len(names) > 1 for names in named) else tuple(name for names in named for name in names)


def _fold(text: str) -> str:
    """One case, one width, one kind of blank, nothing invisible."""
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf")
    narrow = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible).casefold())
    return " ".join(narrow.replace("’", "'").split())


def _is_inside(text: str, at: int) -> bool:
    """Whether a word goes on across this position: digits are never split, nor are letters from them."""
    return 0 < at < len(text) and bool(_LETTER.match(text[at - 1]) and _LETTER.match(text[at]))


@lru_cache(maxsize=8)
def _lexicon(fleet: Fleet) -> _Lexicon:
    """Everything that may stand in a question; a name of the fleet comes before the word that it may look like."""
    said = {word: _Meaning(_Kind.FILLER) for word in (*PUNCTUATION, *FILLERS)}
    said |= {word: _Meaning(_Kind.ASKING) for word in ASKING}
    return _lexicon_of(said | dict(_names_of(fleet)))


@lru_cache(maxsize=8)
def _glue(fleet: Fleet) -> _Lexicon:
    return _lexicon_of(dict(_names_of(fleet)))


def _lexicon_of(meanings: Mapping[str, _Meaning]) -> _Lexicon:
    kept = {word: meaning for word, meaning in meanings.items() if word}
    return _Lexicon(kept, tuple(sorted({len(word) for word in kept}, reverse=True)))


def _names_of(fleet: Fleet) -> Iterator[tuple[str, _Meaning]]:
    """Every name, the one that counts last: models before regions, and these before clock classes."""
    for kind, groups in ((_Kind.CLOCK, fleet.clocks), (_Kind.REGION, fleet.regions)):
        # Of two groups that share a name the first is meant, as find_group has it.
        yield from ((_fold(name), _Meaning(kind, g.name)) for g in reversed(groups) for name in g.names)
    for product in fleet.products:
        called = (product.model, *product.full_names, *product.aliases)
        yield from ((_fold(name), _Meaning(_Kind.MODEL, product.model)) for name in called)
