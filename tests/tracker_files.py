"""Files of the original release tracker."""

from typing import Any

SEED = """{
  "poll_interval_seconds": 300,
  "watch_keywords": ["deepseek", "qwen"],
  "state": { "sqlite_path": "./mrt_state.sqlite3" },
  "sources": {
    "github": {
      "repos": ["vllm-project/vllm", "sgl-project/sglang"],
      "monitor": { "issues": true, "pulls": true },
      "token_env": "GITHUB_TOKEN"
    },
    "huggingface": { "orgs": ["deepseek-ai"], "token_env": "HF_TOKEN" },
    "modelscope": { "orgs": ["deepseek-ai"] }
  },
  "notify": {
    "welink": {
      "webhook_env": "WELINK_WEBHOOK_URL",
      "is_at": false,
      "is_at_all": false,
      "at_accounts": []
    }
  }
}
"""
"""The file as the original program's manual prints it, letter by letter."""

HOOK = "https://open.example/api/werobot/v1/webhook/send?token=hunter2hunter2&channel=standard"
GIVEN = {"GITHUB_TOKEN": "hunter2-github", "HF_TOKEN": "hunter2-hf", "WELINK_WEBHOOK_URL": HOOK}
LI_LEI = "li.lei@562a847505"


def at(way: str, value: object) -> dict[str, Any]:
    """A file with one value at a dotted way."""
    *tables, key = way.split(".")
    data: dict[str, Any] = {key: value}
    for table in reversed(tables):
        data = {table: data}
    return data


def welink(**keys: object) -> dict[str, Any]:
    """A file that tells a group of WeLink."""
    return at("notify.welink", keys)


def email(**keys: object) -> dict[str, Any]:
    """A file that tells somebody by e-mail."""
    return at("notify.email", {"smtp_host": "smtp.example.com", "to_list": ["ops@example.com"], **keys})
