"""The hubs of the demo: a repository and an organisation with a past, and the next model whenever somebody asks."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from suanli.clock import Clock
from suanli.sandbox.hubs import (
    GithubStandIn,
    HuggingFaceStandIn,
    ModelScopeStandIn,
    Repository,
    github_gate,
    huggingface,
    modelscope,
)

REPOSITORY, ORGANISATION = "vllm-project/vllm", "deepseek-ai"

_PAST = ("DeepSeek-R1", "DeepSeek-V3")
_AGE = timedelta(days=120)
"""Of the models that were there before."""

_AHEAD = timedelta(hours=3, minutes=5)
"""So much earlier than on ModelScope a model was made on HuggingFace."""


@dataclass(slots=True)
class Upstream:
    """Three hubs, of which the product reads one repository and one organisation."""

    github: GithubStandIn
    huggingface: HuggingFaceStandIn
    modelscope: ModelScopeStandIn
    clock: Clock
    _vllm: Repository = field(init=False)
    _version: int = field(default=3, init=False)
    _pull: int = field(default=0, init=False)

    def begin(self) -> None:
        """Let there be what was published before anybody watched."""
        born = self.clock.now() - _AGE
        for name in _PAST:
            self.huggingface.world.add_model(f"{ORGANISATION}/{name}", created_at=born)
            self.modelscope.world.add_model(f"{ORGANISATION}/{name}", created_at=born)
        self._vllm = self.github.world.add(REPOSITORY)
        self._vllm.open_issue("Qwen3 stops in the middle of a sentence", "With 8 cards, after some thousand tokens.")
        self._vllm.publish_release("v0.9.0", body="Faster prefill for DeepSeek-V3.")
        self._announce()

    def appear(self) -> str:
        """Let the next model appear on HuggingFace; its name."""
        if not self._pull:
            self._announce()
        self._version += 1
        self.huggingface.world.add_model(f"{ORGANISATION}/{self._model}", created_at=self.clock.now() - _AHEAD)
        return self._model

    def spread(self) -> str:
        """Let it appear on ModelScope too, its support be merged, and a release come with it; the release's name."""
        self.modelscope.world.add_model(f"{ORGANISATION}/{self._model}")
        self._vllm.merge(self._pull)
        tag = f"v0.{6 + self._version}.0"
        self._vllm.publish_release(tag, body=f"## Highlights\n- {self._model} runs on one node (#{self._pull})")
        self._pull = 0
        return tag

    def environment(self) -> dict[str, str]:
        """What lets the product read these in place of the real ones."""
        return {
            "GITHUB_API_URL": self.github.url,
            "GITHUB_TOKEN": github_gate.TOKEN,
            "HF_ENDPOINT": self.huggingface.url,
            "HF_TOKEN": huggingface.TOKEN,
            "MODELSCOPE_ENDPOINT": self.modelscope.url,
            "MODELSCOPE_TOKEN": modelscope.TOKEN,
        }

    @property
    def _model(self) -> str:
        return f"DeepSeek-V{self._version}"

    def _announce(self) -> None:
        """Open the pull request that the next model waits for."""
        self._pull = self._vllm.open_pull(f"Support DeepSeek-V{self._version + 1}", "Attention, experts and a test.")


@contextmanager
def open_upstream(clock: Clock) -> Iterator[Upstream]:
    """The hubs on loopback, with a past."""
    with ExitStack() as stack:
        github = stack.enter_context(GithubStandIn(clock))
        hugging = stack.enter_context(HuggingFaceStandIn(clock))
        scope = stack.enter_context(ModelScopeStandIn(clock))
        upstream = Upstream(github, hugging, scope, clock)
        upstream.begin()
        yield upstream
