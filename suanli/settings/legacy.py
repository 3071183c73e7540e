"""The original program's JSON files: whom to tell below which stock, and when it last told."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, ValidationError

from suanli.domain.stock import Fleet, Model
from suanli.domain.stock.rules import Recipient, Watch
from suanli.settings.files import read_text
from suanli.settings.json_text import parse_json
from suanli.settings.kinds import CheckTime, Recipients, Some
from suanli.settings.problems import SettingsError, noting, problem
from suanli.settings.rules import OneAModel, Samples, Terms, rules_of
from suanli.settings.wording import complaints

_LENIENT = ConfigDict(frozen=True, extra="ignore")
"""Keys that the original did not look at stay without effect."""

_NOT_A_MOMENT = (
    "不是 2026-02-26T10:00:00 这样的时间；改正它，或删掉这一行（会再提醒一次）"
    " / not a time like 2026-02-26T10:00:00; correct it, or remove it and be told once more"
)


class _Limit(Terms):
    """The original told at its first look, so one sample is enough unless the file says otherwise."""

    model_config = _LENIENT

    samples: Samples = 1


class _Notification(BaseModel):
    model_config = _LENIENT

    user_ids: Recipients
    check_time: CheckTime = "10:00"


class _AlertFile(BaseModel):
    model_config = _LENIENT

    gpu_thresholds: Annotated[dict[str, _Limit], Some, OneAModel]
    notification: _Notification

    def to_domain(self, fleet: Fleet) -> Watch:
        recipients = tuple(Recipient(user_id) for user_id in self.notification.user_ids)
        return Watch(rules_of(self.gpu_thresholds, fleet), recipients, self.notification.check_time)


def parse_watch(text: str, fleet: Fleet) -> Watch:
    """Read the text of `inventory_alert_config.json` (seed gpu-stock-alert, "编辑配置文件").

    A threshold is a rule, and may say more than the original's could (`rules.Terms`). Models are matched exactly; one
    that the fleet does not know keeps its name (`watch.unlisted` warns of it). Raises SettingsError with every mistake.
    """
    data = parse_json(text)
    try:
        return _AlertFile.model_validate(data, context=fleet).to_domain(fleet)
    except ValidationError as error:
        raise SettingsError(complaints(error, _AlertFile)) from None


def read_watch(path: Path, fleet: Fleet) -> Watch | None:
    """Read the file at `path`; None when there is none. Raises SettingsError, each line naming the file."""
    text = read_text(path)
    if text is None:
        return None
    try:
        return parse_watch(text, fleet)
    except SettingsError as error:
        raise error.within(f"{path.name}:") from None


def parse_history(text: str, zone: tzinfo) -> Mapping[Model, datetime]:
    """Read the text of `.inventory_alert_history.json`: models, as named there, to moments, aware, in UTC.

    The original wrote the server's local time without an offset; `zone` says which that was.
    Raises SettingsError with every mistake: history that cannot be read is never taken for none.
    """
    data = parse_json(text)
    if not isinstance(data, dict):
        raise SettingsError([problem("(root)", "最外层要是 {…} / the outermost value must be {…}")])
    told: dict[Model, datetime] = {}
    problems: list[str] = []
    for name, value in data.items():
        with noting(problems):
            told[Model(name)] = _moment(name, value, zone)
    if problems:
        raise SettingsError(problems)
    return told


def read_history(path: Path, fleet: Fleet, zone: tzinfo) -> Mapping[Model, datetime]:
    """Read the file at `path` by the fleet's models; empty when there is none. Raises SettingsError naming it."""
    text = read_text(path)
    if text is None:
        return {}
    try:
        found = parse_history(text, zone)
    except SettingsError as error:
        raise error.within(f"{path.name}:") from None
    told: dict[Model, datetime] = {}
    for name, at in found.items():
        model = fleet.find_model(name) or name
        told[model] = max(at, told.get(model, at))
    return told


def _moment(name: str, value: object, zone: tzinfo) -> datetime:
    try:
        read = datetime.fromisoformat(value if isinstance(value, str) else "")
        return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise SettingsError([problem(name, _NOT_A_MOMENT)]) from None
