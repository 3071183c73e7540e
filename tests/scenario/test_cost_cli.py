"""`suanli cost` as an operator uses it: processes of their own, and LiteLLM's own entries."""

import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from storage.store import SqlStore
from suanli.domain.changes import Way
from suanli.domain.cost.book import Bill
from suanli.domain.cost.money import Currency, shown
from suanli.domain.cost.prices import Usage
from tests.ledgers import imports
from tests.price_map import PRICE_MAP, listing

PROGRAM = Path(sys.executable).with_name("suanli")


def cost(folder: Path, *arguments: str) -> str:
    """What `suanli cost` says in a folder."""
    done = subprocess.run(  # noqa: S603 ours
        [PROGRAM, "cost", *arguments], cwd=folder, env={"PATH": os.environ["PATH"]},  # noqa: TID251 what a child needs
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_litellms_list_is_shown_then_taken_over_and_then_changes_nothing(migrated: Path, tmp_path: Path) -> None:
    database = tmp_path / "data" / "suanli.db"
    database.parent.mkdir()
    shutil.copyfile(migrated, database)
    trial = cost(tmp_path, "import-prices", str(PRICE_MAP))
    assert "新增 22，变化 0，不变 0" in trial
    assert "试运行：17 个价格" in trial
    with closing(SqlStore(f"sqlite:///{database}")) as store, store.begin() as tx:
        assert tx.models.all() == ()
    done = cost(tmp_path, "import-prices", str(PRICE_MAP), "--apply", "--accept", "deepseek/deepseek-chat")
    assert "✓ 已写入 18 个价格" in done
    assert "没有变化，什么都没有写。" in cost(tmp_path, "import-prices", str(PRICE_MAP), "--apply")
    assert "USD → CNY" in cost(tmp_path, "exchange", "USD", "7.1234")
    with closing(SqlStore(f"sqlite:///{database}")) as store:
        (taken,) = imports(store)
    with closing(SqlStore(f"sqlite:///{database}")) as store, store.begin() as tx:
        book = tx.prices.book(Currency("CNY"))
        noted = tx.changes.newest(9)
    assert len(book.models) == len(listing().offers) - 4
    assert (taken.new, taken.catalogue, taken.source) == (18, "litellm", "litellm.json")
    assert [(each.what, each.way) for each in noted] == [("exchange.set", Way.CLI), ("prices.import", Way.CLI)]
    (rate,) = book.rates[Currency("USD")].entries
    found = book.charge("gpt-4o", "openai", Usage(1234, 567), rate.valid_from)
    assert isinstance(found, Bill)
    assert (shown(found.original.total), shown(found.cost.total)) == ("0.008755", "0.062365")
