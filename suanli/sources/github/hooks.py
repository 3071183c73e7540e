"""What GitHub's webhooks bring of repositories of one's own: the same items as reading them does."""

from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, model_validator

from suanli.domain.releases import Item, Part, State
from suanli.sources.github.bodies import Address, Issue, Release, Repository, Text, read, tag_item


@dataclass(frozen=True, slots=True)
class HookNews:
    """An item that a webhook brought, and the repository it is of: its number, its name now, and if it is private."""

    repository_id: str
    full_name: str
    part: Part
    item: Item
    private: bool = False


class _Site(Repository):
    html_url: Address


class _ToldIssue(Issue):
    @model_validator(mode="before")
    @classmethod
    def _with_state(cls, body: Any) -> Any:
        """Some actions (pinning) leave the state out; when it was closed tells it."""
        return {"state": "closed" if body.get("closed_at") else "open", **body} if isinstance(body, dict) else body


class _Hook(BaseModel):
    action: Text = ""
    repository: _Site

    def _news(self, part: Part, item: Item) -> HookNews:
        site = self.repository
        return HookNews(str(site.id), site.full_name, part, item, site.private)


class _IssueHook(_Hook):
    issue: _ToldIssue

    def to_domain(self) -> HookNews:
        return self._news(Part.ISSUES, self.issue.to_domain())


class _PullHook(_Hook):
    pull_request: Issue

    def to_domain(self) -> HookNews:
        return self._news(Part.ISSUES, self.pull_request.to_domain(is_pull=True))


class _ReleaseHook(_Hook):
    release: Release

    def to_domain(self) -> HookNews:
        # A deleted one is withdrawn like one that became a draft again; that it is gone, reading the list tells.
        item = self.release.to_domain()
        return self._news(Part.RELEASES, replace(item, state=State.DRAFT) if self.action == "deleted" else item)


class _CreateHook(_Hook):
    ref: Text
    ref_type: Text

    def to_domain(self) -> HookNews | None:
        if self.ref_type != "tag":
            return None
        return self._news(Part.TAGS, tag_item(self.ref, self.repository.html_url))


_FORMS: dict[str, type[_IssueHook | _PullHook | _ReleaseHook | _CreateHook]] = {
    "issues": _IssueHook,
    "pull_request": _PullHook,
    "release": _ReleaseHook,
    "create": _CreateHook,
}


def read_hook(event: str, payload: Any) -> HookNews | None:
    """What an event (`X-GitHub-Event`) brings; None for one that is not about items. Raises Drift.

    A new tag comes without its commit, so its `revision` is empty.
    """
    form = _FORMS.get(event)
    return read(form, payload, f"{event} events").to_domain() if form else None
