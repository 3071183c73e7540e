"""Reads the settings from every place they may be in, and reports every mistake at once."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import InitSettingsSource

from suanli.settings.layers import Layer, Place, read_dotenv, read_toml, strangers
from suanli.settings.legacy import read_history, read_watch
from suanli.settings.named import resolve, variables_named
from suanli.settings.problems import SettingsError, noting, problem
from suanli.settings.schema import Settings
from suanli.settings.stock import Stock
from suanli.settings.tracker import read_tracker, tracker_settings, variables_in
from suanli.settings.tracker_file import Tracker
from suanli.settings.wording import Loc, complaints, dotted

_ABOUT_JSON = ("alert_config", "alert_history")


def from_process() -> Settings:
    """The settings of this process: its environment and its working directory. Raises SettingsError."""
    return load(os.environ, Path.cwd())  # noqa: TID251 the one place


def tracker_from_process(path: Path) -> tuple[Tracker, Settings]:
    """The original release tracker's file at `path`, and this process's settings with what it says.

    What the file names by variables stands in the environment, else in `.env`. Raises SettingsError.
    """
    cwd = Path.cwd()
    environ = os.environ  # noqa: TID251 the one place
    base = load(environ, cwd, named=variables_in(cwd / path))
    given = {**read_dotenv(cwd, []).given, **{name: value for name, value in environ.items() if value.strip()}}
    tracker = read_tracker(cwd / path, given)
    return tracker, tracker_settings(tracker, base)


def load(environ: Mapping[str, str], cwd: Path, *, named: frozenset[str] = frozenset()) -> Settings:
    """The settings that `environ`, then `.env`, then suanli.toml give; relative paths count from `cwd`.

    `named` are variables that another file names, which are no mistakes of `.env`.

    The original program's JSON files are read too, to see that they can be. Raises SettingsError with every mistake.
    """
    problems: list[str] = []
    environment, dotenv = Place(environ, cwd), read_dotenv(cwd, problems)
    given = [environment.layer(problems), dotenv.layer(problems)]
    config = _config(given, cwd, problems)
    toml = read_toml(config, problems)
    problems.extend(strangers(environment, dotenv, variables_named(toml) | named))
    resolve(toml, (environment, dotenv), problems, config.name)
    settings = _settings([*given, toml], config, cwd, problems)
    watched = settings.stock.watch is not None if settings else "watch" in _stock_table(toml)
    _check_json(settings.stock if settings else _salvage(toml, cwd), problems, watched=watched)
    if problems or not settings:
        raise SettingsError(problems)
    return settings


def _config(given: Sequence[Layer], cwd: Path, problems: list[str]) -> Path:
    for layer in given:
        if "config" in layer.values:
            path = cwd / str(layer.values["config"])
            if not path.is_file():
                problems.append(problem(layer.places["config",], f"没有这个文件：{path} / no such file: {path}"))
            return path
    return cwd / "suanli.toml"


def _settings(layers: Sequence[Layer], config: Path, cwd: Path, problems: list[str]) -> Settings | None:
    """One value for each setting, from the first layer that has it; None when there are mistakes."""
    places = {path: place for layer in reversed(layers) for path, place in layer.places.items()}

    def place_of(loc: Loc) -> str:
        found = (places[loc[:n]] for n in range(len(loc), 0, -1) if loc[:n] in places)
        return next(found, f"{config.name}:{dotted(loc)}")

    sources = tuple(InitSettingsSource(Settings, layer.values) for layer in layers)
    try:
        settings = Settings(_build_sources=(sources, {}))
    except ValidationError as error:
        problems.extend(complaints(error, Settings, place_of))
        return None
    return settings.model_copy(update={"stock": settings.stock.anchored(cwd), "config": config})


def _salvage(toml: Layer, cwd: Path) -> Stock:
    """What a suanli.toml with mistakes says of the JSON files, so that these are checked all the same."""
    table = _stock_table(toml)
    said = {key: table[key] for key in _ABOUT_JSON if key in table}
    try:
        return Stock.model_validate(said).anchored(cwd)
    except ValidationError:
        return Stock().anchored(cwd)


def _stock_table(toml: Layer) -> Mapping[str, object]:
    table = toml.values.get("stock")
    return table if isinstance(table, dict) else {}


def _check_json(stock: Stock, problems: list[str], *, watched: bool) -> None:
    fleet = stock.to_domain()
    with noting(problems):
        read_history(stock.alert_history, fleet, UTC)
    if not watched:
        with noting(problems):
            read_watch(stock.alert_config, fleet)
