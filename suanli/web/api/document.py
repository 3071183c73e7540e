"""The OpenAPI document, made from the endpoints."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from suanli.i18n import Texts
from suanli.web.api.endpoints import JSON, Endpoint
from suanli.web.api.problems import MEDIA_TYPE, STATUS

_PART = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
_REF = "#/components/schemas/{model}"
_ALWAYS = ("unauthorized", "forbidden", "invalid")
_NAMES_OF_KINDS = {"int": "integer", None: "string", "string": "string", "path": "string"}


def document(endpoints: Sequence[Endpoint], texts: Texts, version: str) -> dict[str, Any]:
    """The whole document, in one language."""
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = []
    for endpoint in endpoints:
        models += [(endpoint.body, "validation")] if endpoint.body else []
        models += [(endpoint.reply, "serialization")] if endpoint.reply else []
    refs, schemas = models_json_schema(list(dict.fromkeys(models)), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        path = _PART.sub(lambda part: "{" + part["name"] + "}", endpoint.path)
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(endpoint, texts, refs)
    components = {
        "schemas": {**schemas.get("$defs", {}), "Problem": _problem_schema()},
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": texts("api.token")}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": texts("api.title"), "version": version, "description": texts("api.about")},
        "paths": paths,
        "components": components,
        "security": [{"token": []}],
    }


_Refs = Mapping[Any, dict[str, Any]]
"""The schema of each model, by the model and by whether it is read or written."""


def _operation(endpoint: Endpoint, texts: Texts, refs: _Refs) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": texts(f"api.do.{endpoint.name}"),
        "tags": [endpoint.tag],
        "description": _description(endpoint, texts),
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint, texts), *_headers(endpoint, texts)],
        "responses": _responses(endpoint, texts, refs),
    }
    if endpoint.body or endpoint.raw:
        schema = refs[endpoint.body, "validation"] if endpoint.body else {"type": "string"}
        found["requestBody"] = {"required": True, "content": {endpoint.raw or JSON: {"schema": schema}}}
    return found


def _description(endpoint: Endpoint, texts: Texts) -> str:
    role = texts(f"role.{endpoint.role.word}")
    needs = texts("api.needs", permission=endpoint.permission.value, role=role)
    takes_no_key = endpoint.method == "POST" and not (endpoint.keeps_key or endpoint.own_key)
    return needs + (texts("api.without_key") if takes_no_key else "")


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [
        {"name": part["name"], "in": "path", "required": True, "schema": {"type": _NAMES_OF_KINDS[part["kind"]]}}
        for part in _PART.finditer(endpoint.path)
    ]


def _query_parameters(endpoint: Endpoint, texts: Texts) -> list[dict[str, Any]]:
    found = []
    schema = endpoint.query.model_json_schema(ref_template=_REF)
    needed = schema.get("required", ())
    for name, each in schema.get("properties", {}).items():
        # What another schema defines stands there and not in this document's components.
        own = _inlined(each, schema.get("$defs", {}))
        if own.get("type") == "string" and isinstance(own.get("default"), list):  # parted by commas, as it is asked
            own["default"] = ",".join(own["default"])
        found.append({"name": name, "in": "query", "required": name in needed, "schema": own})
    if endpoint.reply:
        money = {"type": "string", "enum": ["string", "number"], "default": "string"}
        found.append({"name": "money", "in": "query", "description": texts("api.money"), "schema": money})
    return found


def _inlined(schema: Any, defined: dict[str, Any]) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inlined(defined[schema["$ref"].rpartition("/")[2]], defined)
        return {name: _inlined(each, defined) for name, each in schema.items()}
    return [_inlined(each, defined) for each in schema] if isinstance(schema, list) else schema


def _headers(endpoint: Endpoint, texts: Texts) -> list[dict[str, Any]]:
    found = []
    if endpoint.keeps_key:
        found.append(("Idempotency-Key", texts("api.key"), {"type": "string", "maxLength": 255}))
    if endpoint.own_key:
        found.append(("Idempotency-Key", texts("api.own_key"), {"type": "string", "maxLength": 200}))
    if "changed" in endpoint.problems:
        found.append(("If-Match", texts("api.match"), {"type": "string"}))
    return [{"name": name, "in": "header", "description": said, "schema": schema} for name, said, schema in found]


def _responses(endpoint: Endpoint, texts: Texts, refs: _Refs) -> dict[str, Any]:
    done: dict[str, Any] = {"description": texts("api.done")}
    if endpoint.reply:
        done["content"] = {JSON: {"schema": refs[endpoint.reply, "serialization"]}}
    elif endpoint.media != (JSON,):
        done["content"] = {media: {"schema": {"type": "string", "format": "binary"}} for media in endpoint.media}
    found = {str(endpoint.status): done}
    if endpoint.knows:
        found["200"] = {**done, "description": texts("api.known")}
    titles: dict[str, list[str]] = {}
    for kind in dict.fromkeys((*_ALWAYS, *endpoint.problems, *(("key-reused",) if endpoint.keeps_key else ()))):
        titles.setdefault(str(STATUS[kind]), []).append(texts(f"api.problem.{kind.replace('-', '_')}"))
    schema = {"$ref": _REF.format(model="Problem")}
    for status, words in titles.items():
        found[status] = {"description": " / ".join(words), "content": {MEDIA_TYPE: {"schema": schema}}}
    return found


def _problem_schema() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "type": "object",
        "description": "RFC 9457",
        "required": ["type", "title", "status", "detail", "instance"],
        "properties": {
            "type": text,
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "instance": text,
            "errors": {"type": "array", "items": {"type": "object", "properties": {"field": text, "message": text}}},
        },
    }
