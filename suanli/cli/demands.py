"""What a role needs before it starts: its settings, and a database of this version in the same currency."""

from contextlib import closing

from suanli import wiring
from suanli.settings import Process, Settings, SettingsError, from_process, missing


def require(process: Process, *, migrates: bool = False) -> Settings:
    """The settings, complete for this process, with the database brought up to this version or found to be.

    Raises SettingsError with every line that is missing.
    """
    settings = from_process()
    lacking = missing(settings, process)
    if lacking:
        raise SettingsError(lacking)
    if migrates:
        wiring.upgrade(settings)
    elif wiring.needs_upgrade(settings):
        raise SettingsError(
            ["数据库需要升级；请先运行 suanli migrate / the database is not up to date; run suanli migrate"]
        )
    with closing(wiring.open_store(settings)) as store:  # and closed again: some roles fork
        wiring.demand_currency(settings, store)
    return settings
