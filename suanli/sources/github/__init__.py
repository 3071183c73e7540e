"""GitHub: issues and pull requests, releases and tags of repositories, read or brought by its webhooks."""

from suanli.sources.github.client import HEADERS, GitHub
from suanli.sources.github.hooks import HookNews, read_hook

__all__ = ["HEADERS", "GitHub", "HookNews", "read_hook"]
