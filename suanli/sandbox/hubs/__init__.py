"""The hubs on loopback: GitHub, HuggingFace and ModelScope, as strict as releases.md §1.1 to §1.3 say.

They are written independently of the product's own code that reads hubs, so that they can prove that wrong. An option
of the real API that none of them has is answered 501, so that nobody takes its silence for an answer. Where the sheet
says nothing, this was chosen:

GitHub
- Things of one second are ordered by their ids, tags backwards by name; `per_page` out of range is 30, or 100.
- A page behind the last is an empty list with links back. A query that cannot be understood is 422, one of a
  version of the API that there is not 400, another method than GET 404.
- A 304 has no Link. With the quota spent, what would be a 304 is refused too. Refusals of the secondary limit cost
  quota, 401 costs that of the address; the window begins with the first request in it.
- `Last-Modified` of a repository is its last change of any kind; `If-None-Match` counts before `If-Modified-Since`.

HuggingFace
- An item with `expand` has `_id`, `id` and what was asked for and is there. An `expand` that the kind does not have is
  400, as with the real one: datasets have no `library_name` and no `pipeline_tag`, spaces not even `gated`.
- Datasets and spaces show no more without `full` and `expand` than models do. Counts of downloads grow by the second.
- Without `sort` the order is by `trendingScore`, without `direction` it descends; a page has 1,000 items at most.
- `_id` outlives a rename. Windows of the rate limit lie on the clock; every answer counts, 304 too. The tree of what
  is gated counts as files: 403.

ModelScope
- Nothing is limited unless a fault says so. The older interfaces order by number where the order has no name, know
  models only, and take no notice of who asks. Their refusals have codes of our own.
"""

from suanli.sandbox.hubs.faults import Fault
from suanli.sandbox.hubs.github import GithubStandIn
from suanli.sandbox.hubs.github_repository import Repository
from suanli.sandbox.hubs.github_switches import Switches
from suanli.sandbox.hubs.huggingface import HuggingFaceStandIn
from suanli.sandbox.hubs.huggingface_world import RepoKind
from suanli.sandbox.hubs.modelscope import ModelScopeStandIn

__all__ = [
    "Fault",
    "GithubStandIn",
    "HuggingFaceStandIn",
    "ModelScopeStandIn",
    "RepoKind",
    "Repository",
    "Switches",
]
