"""What the page about limits tells people to send is taken by the API, in the order in which it stands there."""

import json
import re
from pathlib import Path

from suanli.domain.access import Role
from tests.cost_desk import CostDesk
from tests.reservation_desk import desk, quota

__all__ = ["desk"]

PAGE = Path(__file__).parents[2] / "docs" / "reservations.md"
_CALL = re.compile(r"^curl -X (\w+) \$SUANLI(\S+) .*\\\n  -d '(.*)'$", re.MULTILINE)


def test_every_example_of_the_page_works(desk: CostDesk) -> None:
    desk.model("qwen-plus", "ali", input="0.0008", output="0.002")
    quota(desk, "user", "li", "100")
    token = desk.token(Role.ADMIN)
    found = _CALL.findall(PAGE.read_text("utf-8"))
    answers = [(path, desk.call(method, path, json.loads(body), token).status) for method, path, body in found]
    assert len(answers) == PAGE.read_text("utf-8").count("curl -X")
    assert [(path, status) for path, status in answers if status not in {200, 201}] == []
