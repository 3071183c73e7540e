"""HuggingFace: the models, datasets and spaces of organisations and people, and what it says by webhook."""

from suanli.sources.huggingface.hook import Action, HookNews, Scope, read_hook
from suanli.sources.huggingface.listing import HuggingFace

__all__ = ["Action", "HookNews", "HuggingFace", "Scope", "read_hook"]
