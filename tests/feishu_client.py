"""The app's side of the wire to Feishu's stand-in, as its own tests use it."""

import json
from typing import Any

import requests

from suanli.sandbox.feishu import FeishuStandIn, Human

Json = dict[str, Any]
TOKEN_PATH = "/auth/v3/tenant_access_token/internal"
INFO = "/bot/v3/info"


class Client:
    """The app's side of the wire: fetches one token and calls endpoints with it."""

    def __init__(self, feishu: FeishuStandIn) -> None:
        self.feishu = feishu
        self.token = self.fetch_token()["tenant_access_token"]

    def fetch_token(self, app_id: str | None = None, app_secret: str | None = None) -> Json:
        app = self.feishu.tenant.app
        asked = {"app_id": app_id or app.app_id, "app_secret": app_secret or app.app_secret}
        return dict(requests.post(self._url(TOKEN_PATH), json=asked, timeout=5).json())

    def call(self, method: str, path: str, body: Any = None, **query: str) -> requests.Response:
        return self.raw(method, path, {"Authorization": f"Bearer {self.token}"}, body, **query)

    def raw(self, method: str, path: str, headers: dict[str, str], body: Any = None, **query: str) -> requests.Response:
        return requests.request(method, self._url(path), headers=headers, json=body, params=query, timeout=5)

    def send(self, human: Human, content: Any, msg_type: str = "text", **more: Any) -> requests.Response:
        said = {"receive_id": human.open_id, "msg_type": msg_type, "content": json.dumps(content), **more}
        return self.call("POST", "/im/v1/messages", said, receive_id_type="open_id")

    def code(self, method: str, path: str, body: Any = None, **query: str) -> int:
        return int(self.call(method, path, body, **query).json()["code"])

    def _url(self, path: str) -> str:
        return f"{self.feishu.url}/open-apis{path}"
