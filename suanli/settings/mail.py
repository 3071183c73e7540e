"""`[mail]`: the server that takes our e-mail, and who the letters are from."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator

from suanli.settings.addresses import is_mail_address
from suanli.settings.fleet import Info
from suanli.settings.kinds import CertificateFile, Secret, Switch, Text
from suanli.settings.variables import Variable

_NOT_IN_A_HOST = frozenset("/@[]<>?#")
_LOGIN = ("SMTP 的用户名和密码", "the user and the password of the SMTP server")


def _host(value: str) -> str:
    if value and not _is_host(value):
        raise ValueError("要写主机名，如 smtp.example.com，不带端口 / must be a host such as smtp.example.com, no port")
    return value


def _is_host(value: str) -> bool:
    if _NOT_IN_A_HOST & set(value) or not value.isprintable() or " " in value or value.count(":") == 1:
        return False
    try:
        value.encode("idna")
    except UnicodeError:
        return False
    return True


def _ascii(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().isascii():
        raise ValueError("只能用英文字母、数字和符号 / must be ASCII")
    return value


Host = Annotated[Text, AfterValidator(_host)]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
Login = Annotated[Secret, AfterValidator(_ascii)]


class Mail(BaseModel):
    """`[mail]`: e-mail, off without a host. `sender` is like `算力 <bot@example.com>`, and the user when it is empty.

    With `use_tls`, port 465 is TLS from the start and every other one STARTTLS. There is no login without a user.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    smtp_host: Host = ""
    smtp_port: Port = 587
    user: Annotated[Login, Variable("SUANLI_SMTP_USER", *_LOGIN)] = SecretStr("")
    password: Annotated[Login, Variable("SUANLI_SMTP_PASSWORD", *_LOGIN)] = SecretStr("")
    sender: Annotated[str, Field(validate_default=True)] = ""
    use_tls: Switch = True
    ca_bundle: CertificateFile = ""

    @field_validator("sender")
    @classmethod
    def _is_somebody(cls, sender: str, info: Info) -> str:
        user: SecretStr | None = info.data.get("user")
        if sender:
            if not is_mail_address(_plain(sender)):
                raise ValueError(
                    '要写成 "bot@example.com" 或 "算力 <bot@example.com>"'
                    ' / must be like "bot@example.com" or "Bot <bot@example.com>"'
                )
        elif info.data.get("smtp_host") and user is not None and not is_mail_address(_plain(user.get_secret_value())):
            raise ValueError(
                "没有写发件人，SUANLI_SMTP_USER 也不是邮箱地址"
                " / is not given, and SUANLI_SMTP_USER is no e-mail address that could stand in"
            )
        return sender

    @property
    def is_on(self) -> bool:
        """Whether there is e-mail at all."""
        return bool(self.smtp_host)


def _plain(sender: str) -> str:
    """The address of `name <address>`."""
    _, bracket, plain = sender.rpartition("<")
    return plain.removesuffix(">") if bracket else plain
