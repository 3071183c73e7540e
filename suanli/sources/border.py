"""Where a platform's JSON becomes a typed value; what does not fit is an error in words."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from suanli.domain.errors import RemoteError

Form = TypeVar("Form", bound=BaseModel)


def read(form: type[Form], reply: Any, what: str) -> Form:
    """`reply` as a `form`. Raises RemoteError saying that it is not `what` and where, but quoting nothing of it."""
    try:
        return form.model_validate(reply)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise RemoteError(f"the reply is not {what}: {place:.120}: {first['msg']}", permanent=True) from None
