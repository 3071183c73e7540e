"""Webhooks of the hubs through Flask's test client: who is heard, what is understood, and what is told, once."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.store import SqlStore
from suanli.domain.releases import Hub, Part, Place
from suanli.web.hubs import MAX_BODY, Hook
from suanli.wiring.releases import build_hooks
from tests.fakes import FakeClock
from tests.hub_listener import GITHUB, HUGGINGFACE, REPO, SECRET, Listener, signature
from tests.releasedesk import open_desk

ORG = "deepseek-ai"
GOLDEN = Path(__file__).parents[1] / "golden" / "github"
EVENTS = ("issues", "pull_request", "release", "create")


@contextmanager
def listening(folder: Path, store: SqlStore) -> Iterator[Listener]:
    secrets = {f"SUANLI_{hub}_WEBHOOK_SECRET": SECRET for hub in ("GITHUB", "HUGGINGFACE")}
    with open_desk(folder, store, FakeClock(), switches=None, **secrets) as desk:
        vllm = desk.github.world.add(REPO)
        desk.follow(REPO, ("issue_opened", "issue_closed", "release", "tag"))
        desk.follow(f"hf:{ORG}", ("model",))
        desk.begin()
        yield Listener(desk, vllm)


@pytest.fixture
def listener(tmp_path: Path, sqlite_store: SqlStore) -> Iterator[Listener]:
    with listening(tmp_path, sqlite_store) as found:
        yield found


@pytest.fixture(scope="module")
def deaf(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    """One for what changes nothing, in all tests of that."""
    folder = tmp_path_factory.mktemp("deaf")
    shutil.copyfile(migrated, folder / "suanli.db")
    store = SqlStore(f"sqlite:///{folder / 'suanli.db'}")
    with listening(folder, store) as found:
        yield found
        assert found.woken == []
        assert found.told() == []
    store.close()


# Who is heard


def test_what_is_signed_is_heard(listener: Listener) -> None:
    number = listener.vllm.open_issue("Crash")
    assert listener.changes("issues", listener.issue(number)) == 1
    assert [title.split("：")[0] for title in listener.told()] == [f"🟢 {REPO} 新 Issue"]
    assert listener.woken == [1]


@pytest.mark.parametrize(
    "header", ["", "sha256=", "sha256=" + "0" * 64, signature(b"{}", "another secret"), "sha1=0", "sha256=\u00e9"]
)
def test_what_is_signed_otherwise_or_not_at_all_is_refused_and_not_read(deaf: Listener, header: str) -> None:
    answer = deaf.github("issues", b"{}", **{"X-Hub-Signature-256": header})
    assert answer.status_code == 401


def test_a_signature_of_another_body_is_refused(deaf: Listener) -> None:
    number = deaf.vllm.open_issue("Crash")
    stolen = signature(json.dumps(deaf.issue(number)).encode())
    forged = deaf.issue(number, title="@all BUY COINS")
    assert deaf.github("issues", forged, **{"X-Hub-Signature-256": stolen}).status_code == 401


@pytest.mark.parametrize("hub", [Hub.GITHUB, Hub.HUGGINGFACE])
def test_without_a_secret_of_ours_nobody_is_heard(deaf: Listener, hub: Hub) -> None:
    signed = {"X-Hub-Signature-256": signature(b"{}", ""), "X-GitHub-Event": "ping", "X-Webhook-Secret": ""}
    paths = {Hub.GITHUB: GITHUB, Hub.HUGGINGFACE: HUGGINGFACE}
    others = [Hook(each, SECRET, lambda *_: ()) for each in paths if each is not hub]
    for client in (deaf.client(Hook(hub, "", lambda *_: ())), deaf.client(*others)):
        assert client.post(paths[hub], data=b"{}", headers=signed).status_code == 401


def test_a_secret_that_is_not_set_is_a_hook_that_is_not_there(tmp_path: Path, sqlite_store: SqlStore) -> None:
    with open_desk(tmp_path, sqlite_store, FakeClock(), SUANLI_GITHUB_WEBHOOK_SECRET=SECRET) as desk:
        assert [hook.hub for hook in build_hooks(desk.settings)] == [Hub.GITHUB]


# What is understood


def test_a_ping_is_answered_and_says_nothing(deaf: Listener) -> None:
    answer = deaf.github("ping", {"zen": "Keep it logically awesome.", "hook_id": 1})
    assert (answer.status_code, answer.json) == (200, {"heard": 0, "changes": 0})


@pytest.mark.parametrize("body", [b"", b"not JSON", b'{"a":', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_refused(deaf: Listener, body: bytes) -> None:
    assert deaf.github("issues", body).status_code == 400


@pytest.mark.parametrize("body", [[], None, 1, {}, {"issue": {}}, {"issue": {"number": "hunter2"}, "repository": {}}])
def test_what_is_built_otherwise_is_refused_and_not_quoted(deaf: Listener, body: Any) -> None:
    answer = deaf.github("issues", body)
    assert answer.status_code == 400
    assert "hunter2" not in answer.text


def test_what_is_too_large_is_refused(deaf: Listener) -> None:
    assert deaf.github("issues", b" " * (MAX_BODY + 1)).status_code == 413


@pytest.mark.parametrize("kind", EVENTS)
def test_everything_that_github_itself_gives_as_an_example_is_understood(deaf: Listener, kind: str) -> None:
    for payload in json.loads((GOLDEN / f"{kind}.json").read_text("utf-8")):
        assert deaf.changes(kind, payload) == 0  # of a repository that nobody follows


@pytest.mark.parametrize("kind", EVENTS)
def test_githubs_examples_of_a_followed_repository_are_told_once_each(listener: Listener, kind: str) -> None:
    payloads = json.loads((GOLDEN / f"{kind}.json").read_text("utf-8"))
    for payload in payloads:
        payload["repository"] |= listener.repository()
    first = sum(listener.changes(kind, payload) for payload in payloads)
    listener.told()
    assert first > 0
    assert sum(listener.changes(kind, payload) for payload in payloads[-1:]) == 0


# Twice, late, out of order


def test_the_same_delivery_again_changes_nothing(listener: Listener) -> None:
    body = listener.issue(listener.vllm.open_issue("Crash"))
    assert [listener.changes("issues", body) for _ in range(3)] == [1, 0, 0]
    assert len(listener.told()) == 1


def test_an_older_delivery_after_a_newer_one_changes_nothing(listener: Listener) -> None:
    number = listener.vllm.open_issue("Crash")
    older = listener.issue(number)
    listener.desk.clock.advance(timedelta(minutes=1))
    listener.vllm.close(number)
    assert listener.changes("issues", listener.issue(number, "closed")) == 2
    assert listener.changes("issues", older) == 0
    assert [title.split("：")[0].rsplit(" ", 1)[1] for title in listener.told()] == ["Issue", "关闭"]


def test_what_was_pushed_is_not_told_again_by_the_next_reading(listener: Listener) -> None:
    number = listener.vllm.open_issue("Crash", labels=("bug",))
    listener.changes("issues", listener.issue(number))
    assert len(listener.told()) == 1
    assert listener.told(timedelta(minutes=5)) == []
    assert listener.told(timedelta(minutes=5)) == []


def test_what_was_read_is_not_told_again_by_a_late_push(listener: Listener) -> None:
    number = listener.vllm.open_issue("Crash")
    body = listener.issue(number)
    assert len(listener.told(timedelta(minutes=5))) == 1
    assert listener.changes("issues", body) == 0
    assert listener.told() == []


def test_what_happened_beside_a_push_is_still_read(listener: Listener) -> None:
    first, second = listener.vllm.open_issue("unseen"), listener.vllm.open_issue("pushed")
    listener.changes("issues", listener.issue(second))
    assert [title.rsplit("：", 1)[1] for title in listener.told()] == [f"#{second}"]
    assert [title.rsplit("：", 1)[1] for title in listener.told(timedelta(minutes=5))] == [f"#{first}"]


def test_a_pushed_tag_is_told_once_though_its_commit_comes_later(listener: Listener) -> None:
    listener.vllm.tag("v0.1.0")
    body: Mapping[str, Any] = {"ref": "v0.1.0", "ref_type": "tag", "repository": listener.repository()}
    assert listener.changes("create", body) == 1
    assert listener.changes("create", {**body, "ref": "topic", "ref_type": "branch"}) == 0
    assert len(listener.told()) == 1
    assert listener.told(timedelta(minutes=5)) == []


# Whose news it is


def test_news_of_a_repository_that_nobody_follows_are_left_alone(deaf: Listener) -> None:
    body = deaf.issue(deaf.vllm.open_issue("Crash"))
    body["repository"] |= {"id": 77, "full_name": "somebody/else"}
    answer = deaf.github("issues", body)
    assert (answer.status_code, answer.json) == (200, {"heard": 1, "changes": 0})


def test_news_of_another_repository_under_the_same_name_are_not_told_but_looked_into(listener: Listener) -> None:
    body = listener.issue(listener.vllm.open_issue("Crash"))
    body["repository"] |= {"id": 77}
    assert listener.changes("issues", body) == 0
    assert due(listener, Place(Hub.GITHUB, REPO), Part.ISSUES)


def test_a_name_in_other_letters_is_the_same_repository(listener: Listener) -> None:
    body = listener.issue(listener.vllm.open_issue("Crash"))
    body["repository"] |= {"full_name": REPO.upper()}
    assert listener.changes("issues", body) == 1
    assert len(listener.told()) == 1


# HuggingFace says only that there is something to be read


def hugging(name: str = f"{ORG}/DeepSeek-V4", **repo: Any) -> dict[str, Any]:
    return {
        "event": {"action": "update", "scope": "repo.content"},
        "repo": {"type": "model", "name": name, "id": "621ffdc036468d709f174338", "private": False, **repo},
        "webhook": {"id": "1", "version": 3},
    }


def test_a_push_of_huggingface_lets_the_list_be_read_now_and_that_tells_once(listener: Listener) -> None:
    listener.desk.huggingface.world.add_model(f"{ORG}/DeepSeek-V4")
    answer = listener.huggingface(hugging())
    assert (answer.status_code, answer.json) == (200, {"heard": 1, "changes": 0})
    assert len(listener.told(timedelta(seconds=1))) == 1
    assert listener.told(timedelta(minutes=5)) == []


@pytest.mark.parametrize("secret", ["", "wrong", SECRET + "x", "\u00e9"])
def test_huggingface_without_our_secret_is_refused(deaf: Listener, secret: str) -> None:
    assert deaf.huggingface(hugging(), secret).status_code == 401
    assert not due(deaf, Place(Hub.HUGGINGFACE, ORG), Part.MODELS)


@pytest.mark.parametrize("body", [hugging(private=True), hugging("somebody/else"), hugging(type="kernel")])
def test_what_is_private_unfollowed_or_of_no_kind_we_know_hurries_nothing(deaf: Listener, body: Any) -> None:
    assert deaf.huggingface(body).status_code == 200
    assert not due(deaf, Place(Hub.HUGGINGFACE, ORG), Part.MODELS)


@pytest.mark.parametrize("body", [[], {}, {"event": {}}, {"event": {"action": "x", "scope": "repo"}, "repo": {}}])
def test_what_huggingface_would_not_send_is_refused(deaf: Listener, body: Any) -> None:
    assert deaf.huggingface(body).status_code == 400


def due(listener: Listener, place: Place, part: Part) -> bool:
    with listener.desk.store.begin() as tx:
        found = tx.resources.find(place, part)
    assert found is not None
    return found.next_at <= listener.desk.clock.now()
