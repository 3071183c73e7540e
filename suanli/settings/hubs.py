"""`[github]`, `[huggingface]`, `[modelscope]`: where releases are read, with what right, and who may push them."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from suanli.settings.kinds import CertificateFile, Secret, Switch, Token, WebAddress
from suanli.settings.variables import Variable

_STRICT = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

_HEADER = re.compile(r"[!-~]*")

GITHUB_TOKEN = "GITHUB_TOKEN"  # noqa: S105 the variable's name
GITHUB = "https://api.github.com"


def _for_a_header(value: SecretStr) -> SecretStr:
    if not _HEADER.fullmatch(value.get_secret_value()):
        raise ValueError("只能用英文字母、数字和符号，没有空格 / must be ASCII without spaces")
    return value


AccessToken = Annotated[Secret, AfterValidator(_for_a_header)]


class Github(BaseModel):
    """`[github]`: its API, or that of a mirror. Without a token it lets us ask 60 times an hour.

    With `private`, everybody who may follow anything may follow what only the token sees.

    `workers` ask it at once; GitHub itself wants few of them, a mirror of one's own may take more (releases.md §5).
    """

    model_config = _STRICT

    api_url: Annotated[WebAddress, Field(min_length=1), Variable("GITHUB_API_URL")] = GITHUB
    token: Annotated[AccessToken, Variable(GITHUB_TOKEN)] = SecretStr("")
    webhook_secret: Annotated[Token, Variable("SUANLI_GITHUB_WEBHOOK_SECRET")] = SecretStr("")
    private: Switch = False
    workers: Annotated[int, Field(strict=True, ge=1, le=32)] = 2
    ca_bundle: CertificateFile = ""


class Huggingface(BaseModel):
    """`[huggingface]`: the hub, or a mirror of it; what everybody can see needs no token."""

    model_config = _STRICT

    endpoint: Annotated[WebAddress, Field(min_length=1), Variable("HF_ENDPOINT")] = "https://huggingface.co"
    token: Annotated[AccessToken, Variable("HF_TOKEN")] = SecretStr("")
    webhook_secret: Annotated[Token, Variable("SUANLI_HUGGINGFACE_WEBHOOK_SECRET")] = SecretStr("")
    ca_bundle: CertificateFile = ""


class Modelscope(BaseModel):
    """`[modelscope]`: the hub, or a mirror of it; what everybody can see needs no token."""

    model_config = _STRICT

    endpoint: Annotated[WebAddress, Field(min_length=1), Variable("MODELSCOPE_ENDPOINT")] = "https://modelscope.cn"
    token: Annotated[AccessToken, Variable("MODELSCOPE_TOKEN")] = SecretStr("")
    ca_bundle: CertificateFile = ""
