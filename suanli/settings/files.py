"""The text of a file that people write by hand."""

from pathlib import Path

from suanli.settings.problems import SettingsError, problem


def read_text(path: Path) -> str | None:
    """The text of the file at `path`, UTF-8 with or without a mark; None when there is no such file.

    Raises SettingsError when it is there but cannot be read.
    """
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        return None
    except OSError as error:
        text = f"读不了：{error.strerror} / cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        text = "不是 UTF-8 编码，请另存为 UTF-8 / not UTF-8; save it as UTF-8"
    raise SettingsError([problem(str(path), text)])
