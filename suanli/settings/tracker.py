"""The original release tracker: its JSON file, and the settings that do what the file says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from suanli.domain.releases.changes import BOTS
from suanli.settings.addresses import MAIL, ROBOT, is_mail_address
from suanli.settings.files import read_text
from suanli.settings.json_text import parse_json
from suanli.settings.mail import Mail
from suanli.settings.problems import SettingsError, problem
from suanli.settings.releases import WatchEntry
from suanli.settings.schema import Settings
from suanli.settings.tracker_file import Letters, Robot, Tracker, TrackerFile
from suanli.settings.variables import Way
from suanli.settings.welink import DEFAULT, WEBHOOK, Welink
from suanli.settings.wording import Loc, complaints, dotted

_SHORTEST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Rule:
    """In the table `section`, the key `names` names the variable that `holds` is read from."""

    section: Way
    names: str
    holds: str
    default: str = ""


_RULES = (
    _Rule(("sources", "github"), "token_env", "token"),
    _Rule(("sources", "huggingface"), "token_env", "token"),
    _Rule(("notify", "welink"), "webhook_env", "webhook_url", WEBHOOK),
    _Rule(("notify", "email"), "user_env", "user"),
    _Rule(("notify", "email"), "password_env", "password"),
)


def parse_tracker(text: str, environ: Mapping[str, str]) -> Tracker:
    """Read the text of the file; `environ` has the variables that it names, and one that is not there is empty.

    Raises SettingsError with every mistake.
    """
    data = parse_json(text)
    variables = dict(_filled(data, environ))
    try:
        return TrackerFile.model_validate(data).to_domain()
    except ValidationError as error:
        found = complaints(error, TrackerFile, lambda loc: variables.get(loc) or dotted(loc))
        raise SettingsError(found) from None


def read_tracker(path: Path, environ: Mapping[str, str]) -> Tracker:
    """Read the file at `path`. Raises SettingsError, each line naming the file, also when there is none."""
    text = read_text(path)
    if text is None:
        raise SettingsError([problem(str(path), "没有这个文件 / no such file")])
    try:
        return parse_tracker(text, environ)
    except SettingsError as error:
        raise error.within(f"{path.name}:") from None


def variables_in(path: Path) -> frozenset[str]:
    """The variables that the file at `path` names; none when it cannot be read, which `read_tracker` reports."""
    try:
        data = parse_json(read_text(path) or "{}")
    except SettingsError:
        return frozenset()
    names = (_table(data, rule).get(rule.names) for rule in _RULES)
    return frozenset(name for name in names if isinstance(name, str))


def _table(data: Any, rule: _Rule) -> dict[str, Any]:
    """The table that a rule is about; an empty one, which nobody sees, where there is none."""
    for step in rule.section:
        data = data.get(step) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _filled(data: Any, environ: Mapping[str, str]) -> Iterator[tuple[Loc, str]]:
    """Put what the named variables hold into the tables, and say which variable each is from."""
    for rule in _RULES:
        table = _table(data, rule)
        # A key of this name in the file is none that the original knew.
        table.pop(rule.holds, None)
        variable = table.get(rule.names) or rule.default
        value = environ.get(variable, "").strip() if isinstance(variable, str) else ""
        if value:
            table[rule.holds] = value
            yield (*rule.section, rule.holds), variable


def tracker_settings(tracker: Tracker, base: Settings) -> Settings:
    """The settings `base` with what the file says, which wins; the watches of both.

    What a variable named there does not hold stays as it is in `base`. Nothing is read more often than once a minute.
    Raises SettingsError.
    """
    welink = _with_robot(base.welink, tracker.robot) if tracker.robot else base.welink
    mail = _with_letters(base.mail, tracker.letters) if tracker.letters else base.mail
    watches = (*base.releases.watches, *_watches(tracker, _recipients(tracker, welink)))
    interval = max(tracker.interval, _SHORTEST)
    update: dict[str, Any] = {
        "welink": welink,
        "mail": mail,
        "releases": base.releases.model_copy(update={"interval": interval, "watches": watches}),
    }
    if tracker.github_token:
        update["github"] = base.github.model_copy(update={"token": tracker.github_token})
    if tracker.huggingface_token:
        update["huggingface"] = base.huggingface.model_copy(update={"token": tracker.huggingface_token})
    return base.model_copy(update=update)


def tracker_warnings(tracker: Tracker, settings: Settings) -> tuple[str, ...]:
    """Why the file, as `tracker_settings` brought it into `settings`, tells nobody of anything, a line each."""
    return tuple(_warnings(tracker, settings))


def _warnings(tracker: Tracker, settings: Settings) -> Iterator[str]:
    if not tracker.keywords:
        yield problem("watch_keywords", "一个关键词也没有，不会提醒 / has no keyword, so nothing is told")
    if not (tracker.organisations or (tracker.repositories and _kinds(tracker))):
        yield problem("sources", "没有要看的仓库或组织 / names nothing to watch")
    if tracker.robot and not _robot_url(tracker.robot, settings.welink):
        text = "这个环境变量没有设置，不发 WeLink / the variable is not set: no WeLink"
        yield problem("notify.welink.webhook_env", text)
    if tracker.letters and not _has_letters(tracker.letters):
        yield problem("notify.email", "没有 smtp_host 或 to_list，不发邮件 / has no smtp_host or to_list: no e-mail")
    if not _recipients(tracker, settings.welink):
        yield problem("notify", "没有能用的渠道，不会提醒 / has no way to tell anybody")


def _robot_url(robot: Robot | None, welink: Welink) -> SecretStr:
    """The robot's URL, or none. The variable by its usual name may be in `.env` too, which the settings have read."""
    if robot is None:
        return SecretStr("")
    return robot.webhook_url or (welink.webhook_url if robot.webhook_env == WEBHOOK else robot.webhook_url)


def _with_robot(welink: Welink, robot: Robot) -> Welink:
    url = _robot_url(robot, welink)
    if not url:
        return welink
    update = {
        "webhook_url": url,
        "at_accounts": robot.at_accounts,
        "is_at": robot.is_at,
        "is_at_all": robot.is_at_all,
    }
    return welink.model_copy(update=update)


def _with_letters(mail: Mail, letters: Letters) -> Mail:
    if not _has_letters(letters):
        return mail
    if not mail.sender and not is_mail_address(letters.user.get_secret_value()):
        text = (
            "里面没有邮箱地址；发件人要写在 suanli.toml 的 mail.sender"
            " / holds no e-mail address; say whom letters are from in mail.sender of suanli.toml"
        )
        raise SettingsError([problem("notify.email.user_env", text)])
    update = {
        "smtp_host": letters.smtp_host,
        "smtp_port": letters.smtp_port,
        "user": letters.user,
        "password": letters.password,
        "use_tls": letters.use_tls,
    }
    return mail.model_copy(update=update)


def _has_letters(letters: Letters) -> bool:
    return bool(letters.smtp_host and letters.to)


def _recipients(tracker: Tracker, welink: Welink) -> tuple[str, ...]:
    robots = [ROBOT + DEFAULT] if _robot_url(tracker.robot, welink) else []
    letters = tracker.letters
    return (*robots, *(MAIL + to for to in letters.to if letters.smtp_host)) if letters else tuple(robots)


def _kinds(tracker: Tracker) -> tuple[str, ...]:
    # The original told of what bots wrote as well.
    kinds = ("issue",) * tracker.issues + ("pr",) * tracker.pulls
    return (*kinds, BOTS) if kinds else ()


def _watches(tracker: Tracker, recipients: tuple[str, ...]) -> Iterator[WatchEntry]:
    """Repositories and organisations apart, for other changes are told of them. Without keywords nothing was told."""
    for places, changes in ((tracker.repositories, _kinds(tracker)), (tracker.organisations, ("model",))):
        if places and changes and recipients and tracker.keywords:
            yield WatchEntry(places=places, tell=recipients, changes=changes, filter=tracker.filter)
