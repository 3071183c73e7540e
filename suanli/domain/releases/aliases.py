"""Names for the same thing: of models and their makers, and of one organisation on different hubs.

Both tables are facts that change; installations can put their own in place of the first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from suanli.domain.releases.wording import loose


@dataclass(frozen=True, slots=True)
class Aliases:
    """Groups of names; a name in several groups belongs to all of them. Names are compared as words are looked for."""

    groups: tuple[tuple[str, ...], ...]
    _groups_of: Mapping[str, tuple[int, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out once which groups each name is in."""
        found: dict[str, tuple[int, ...]] = {}
        for number, names in enumerate(self.groups):
            for key in {loose(name) for name in names}:
                found[key] = (*found.get(key, ()), number)
        object.__setattr__(self, "_groups_of", found)

    @classmethod
    def of(cls, groups: Iterable[Sequence[str]]) -> Self:
        """A table of these groups."""
        return cls(tuple(tuple(names) for names in groups))

    def others(self, name: str) -> tuple[str, ...]:
        """The other names for what `name` stands for, in the order of the table; none if it knows no such name."""
        key = loose(name)
        found = {loose(other): other for n in self._groups_of.get(key, ()) for other in self.groups[n]}
        return tuple(other for other_key, other in found.items() if other_key != key)


SHIPPED = Aliases.of(
    [
        ("深度求索", "DeepSeek"),
        ("通义千问", "千问", "Qwen"),
        ("通义万相", "万相", "Wan-AI"),
        ("智谱", "GLM", "ChatGLM", "Zhipu", "Z.ai", "zai-org"),
        ("月之暗面", "Kimi", "Moonshot", "moonshotai"),
        ("混元", "Hunyuan"),
        ("文心", "ERNIE"),
        ("飞桨", "PaddlePaddle"),
        ("豆包", "Doubao"),
        ("豆包", "Seed-OSS", "ByteDance Seed"),
        ("字节跳动", "ByteDance"),
        ("书生", "InternLM"),
        ("书生", "InternVL"),
        ("书生", "Intern-S1"),
        ("阶跃星辰", "阶跃", "StepFun"),
        ("零一万物", "01.AI", "01-ai", "Yi"),
        ("百川", "Baichuan"),
        ("面壁", "面壁智能", "MiniCPM", "OpenBMB"),
        ("稀宇", "MiniMax"),
        ("盘古", "Pangu", "openPangu"),
        ("讯飞", "科大讯飞", "iFlytek"),
        ("智源", "BAAI"),
        ("昇腾", "Ascend"),
        ("昆仑芯", "Kunlunxin"),
        ("寒武纪", "Cambricon"),
        ("海光", "Hygon"),
        ("摩尔线程", "Moore Threads", "MooreThreads"),
        ("沐曦", "MetaX"),
        ("天数智芯", "Iluvatar"),
        ("壁仞", "Biren"),
        ("燧原", "Enflame"),
        ("英伟达", "NVIDIA"),
    ]
)
"""What is shipped. A short name such as Yi is safe only because words have ends (`wording`)."""

ORGANISATIONS = Aliases.of(
    [
        ("internlm", "Shanghai_AI_Laboratory"),
        ("moonshotai", "moonshot-ai"),
        ("ByteDance-Seed", "ByteDance", "bytedance-community"),
        ("zai-org", "THUDM", "ZhipuAI"),
        ("01-ai", "01ai"),
        ("tencent", "Tencent-Hunyuan"),
        ("baidu", "PaddlePaddle"),
        ("Tele-AI", "TeleAI"),
    ]
)
"""Organisations that are called otherwise on ModelScope than on HuggingFace, or were once (releases.md §1.3).

Those that only carry others' models (AI-ModelScope, LLM-Research) are no aliases of anybody.
"""


def org_aliases(name: str) -> tuple[str, ...]:
    """What this organisation is called elsewhere, or was."""
    return ORGANISATIONS.others(name)


def same_org(one: str, other: str) -> bool:
    """Whether two names on model hubs are those of one organisation, by the table or because they are the same."""
    key = loose(other)
    return loose(one) == key or any(loose(name) == key for name in org_aliases(one))
