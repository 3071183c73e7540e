"""How much the hosts let us ask."""

from datetime import timedelta

from suanli.domain.ports import Store
from suanli.domain.releases import Allowance
from tests.fakes import NOON

GITHUB = Allowance(
    "api.github.com", 5_000, 4_321, NOON + timedelta(hours=1), NOON + timedelta(minutes=1), 700, 679, 2, NOON
)


def save(store: Store, *allowances: Allowance) -> None:
    with store.begin() as tx:
        for each in allowances:
            tx.allowances.save(each)


def test_no_host_said_anything_at_first(store: Store) -> None:
    with store.begin() as tx:
        assert tx.allowances.all() == ()


def test_what_every_host_said_last_comes_by_name(store: Store) -> None:
    save(store, Allowance("modelscope.cn"), Allowance("api.github.com", 60, 0), GITHUB, Allowance("huggingface.co"))
    with store.begin() as tx:
        assert tx.allowances.all() == (GITHUB, Allowance("huggingface.co"), Allowance("modelscope.cn"))
    save(store, Allowance("api.github.com"))
    with store.begin() as tx:
        assert tx.allowances.all()[0] == Allowance("api.github.com")
