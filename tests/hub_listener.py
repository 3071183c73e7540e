"""The webhooks of the hubs as their senders see them, beside the hubs themselves."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from suanli.sandbox.hubs import Repository
from suanli.web.app import build_app
from suanli.web.hubs import Hook, hubs_blueprint
from suanli.wiring.releases import build_hooks
from tests.releasedesk import ReleaseDesk

SECRET = "the-hubs-and-we-know-it"
GITHUB, HUGGINGFACE = "/webhooks/github", "/webhooks/huggingface"
REPO = "vllm-project/vllm"


def signature(raw: bytes, secret: str = SECRET) -> str:
    """What GitHub signs a body with."""
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


@dataclass
class Listener:
    """The webhooks of a desk, a repository on it, and how often the delivery was woken."""

    desk: ReleaseDesk
    vllm: Repository
    woken: list[int] = field(default_factory=list)

    def client(self, *hooks: Hook) -> FlaskClient:
        """Flask's client of these webhooks, or of those that the settings name."""
        found = hooks or build_hooks(self.desk.settings)
        desk = self.desk
        hubs = hubs_blueprint(found, desk.store, desk.reading.site, desk.clock, lambda: self.woken.append(1))
        return build_app(desk.store, desk.clock, [hubs]).test_client()

    def github(self, kind: str, body: Any, **headers: str) -> TestResponse:
        """Deliver a body, signed unless the headers say otherwise."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"X-Hub-Signature-256": signature(raw), "X-GitHub-Event": kind, **headers}
        return self.client().post(GITHUB, data=raw, headers=given)

    def huggingface(self, body: Any, secret: str = SECRET) -> TestResponse:
        """Deliver a body with this secret."""
        return self.client().post(HUGGINGFACE, json=body, headers={"X-Webhook-Secret": secret})

    def changes(self, kind: str, body: Any) -> int:
        """Deliver a body that is understood; how many changes it made."""
        answer = self.github(kind, body)
        assert answer.status_code == 200, answer.text
        return int(answer.json["changes"]) if answer.json else 0

    def told(self, after: timedelta | None = None) -> list[str]:
        """The titles of what is to be sent now, or after one more look."""
        found = self.desk.talk.parcels() if after is None else self.desk.look(after)
        return self.desk.titles(found)

    def issue(self, number: int, action: str = "opened", **changes: Any) -> dict[str, Any]:
        """What GitHub sends of an issue as it is now."""
        issue = self.vllm.issue(number)
        body = {
            "number": number,
            "title": issue.title,
            "body": issue.body,
            "state": issue.state,
            "state_reason": issue.reason,
            "user": {"login": issue.login, "id": 1, "type": "User"},
            "labels": [{"name": label} for label in issue.labels],
            "html_url": f"https://github.com/{REPO}/issues/{number}",
            "created_at": stamp(issue.created_at),
            "updated_at": stamp(issue.updated_at),
            "closed_at": stamp(issue.closed_at) if issue.closed_at else None,
        }
        return {"action": action, "issue": {**body, **changes}, "repository": self.repository()}

    def repository(self) -> dict[str, Any]:
        """What GitHub says of the repository in each of them."""
        name = self.vllm.name
        return {"id": self.vllm.id, "full_name": name, "html_url": f"https://github.com/{name}"}


def stamp(moment: datetime) -> str:
    """A moment as GitHub writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
