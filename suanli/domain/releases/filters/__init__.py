r"""The language of filters: which items of a place somebody wants to hear of (releases.md §2.8).

Words stand between blanks:

- `qwen deepseek`: at least one of the plain words must be there; `qwen|deepseek` is the same, and of use after a sign;
- `+moe`, `+moe|mla`: must be there, one of them; `-revert`: must not, whatever else is there;
- `"exact phrase"`, in any double quotes or corner brackets: this and no other name for it, as whole words;
- `/regex/`: as RE2 reads it, in any case; a slash in it is written `\/`;
- `label:new-model`, `author:octocat`, `kind:release`: must be so, with `|` between several one of them; `label:!wip` or
  `-label:wip`: must not. Of several such groups all labels must be so, and one of the authors or kinds;
- `field:title` or `field:body`: words, phrases and expressions are looked for only there.

Full-width signs and letters are read like narrow ones. A word also stands for its other names (`aliases`).
"""

from suanli.domain.releases.aliases import SHIPPED, Aliases
from suanli.domain.releases.filters.conditions import Document, Filter
from suanli.domain.releases.filters.parser import MOST_CHARACTERS, MOST_WORDS, parse
from suanli.domain.releases.filters.reading import REASONS, FilterError

__all__ = [
    "MOST_CHARACTERS",
    "MOST_WORDS",
    "REASONS",
    "SHIPPED",
    "Aliases",
    "Document",
    "Filter",
    "FilterError",
    "parse",
]
