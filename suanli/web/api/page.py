"""`/docs`: the OpenAPI document as a page for people. It has no script, and takes nothing from elsewhere."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from suanli.i18n import Texts

_STYLE = """
:root{color-scheme:light dark}
body{margin:0 auto;padding:24px;max-width:1000px;font:16px/1.6 system-ui,sans-serif}
h1{font-size:26px;margin:0 0 4px}h2{margin:32px 0 8px;font-size:20px;border-bottom:1px solid #8885}
details{margin:6px 0;border:1px solid #8885;border-radius:6px}
summary{padding:8px 12px;cursor:pointer}
details>div{padding:0 16px 12px}
.m{display:inline-block;min-width:64px;font:600 13px ui-monospace,monospace}
.GET{color:#1a7f37}.POST{color:#0969da}.PUT{color:#9a6700}.DELETE{color:#cf222e}
code,pre{font:13px/1.5 ui-monospace,monospace}pre{overflow:auto;padding:10px;background:#8881;border-radius:6px}
table{border-collapse:collapse;width:100%;font-size:14px}
td,th{text-align:left;padding:3px 10px 3px 0;vertical-align:top;border-bottom:1px solid #8883}
.s{color:#888}
"""

CSP = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'"
)
"""What the page may load: its own style and nothing more."""

_Operation = tuple[str, str, Mapping[str, Any]]


def page(document: Mapping[str, Any], texts: Texts) -> str:
    """The whole page, in the language of the document."""
    operations = [
        (path, method.upper(), operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = document["components"]["schemas"]
    parts = [
        "".join((f"<h2>{escape(tag)}</h2>", *(_operation(each, schemas, texts) for each in found)))
        for tag, found in groupby(operations, key=lambda each: each[2]["tags"][0])
    ]
    info = document["info"]
    head = f"<h1>{escape(info['title'])}</h1><p>{escape(info['description'])}</p>"
    lead = f'<p class="s">{escape(info["version"])} · <a href="/openapi.json">openapi.json</a></p>'
    return (
        f'<!doctype html><html lang="{texts.lang}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{escape(info["title"])}</title>'
        f"<style>{_STYLE}</style>{head}{lead}{''.join(parts)}</html>"
    )


def _operation(found: _Operation, schemas: Mapping[str, Any], texts: Texts) -> str:
    path, method, operation = found
    lines = [f"<p>{escape(operation['description'])}</p>"]
    if operation["parameters"]:
        lines.append(_parameters(operation["parameters"]))
    body = operation.get("requestBody")
    if body:
        lines.append(_content(texts("api.page.body"), body["content"], schemas))
    for status, response in operation["responses"].items():
        title = f"{status} {response['description']}"
        is_problem = "Problem" in json.dumps(response.get("content", {}))
        lines.append(_content(title, {} if is_problem else response.get("content", {}), schemas))
    summary = f'<span class="m {method}">{method}</span> <code>{escape(path)}</code> {escape(operation["summary"])}'
    return f"<details><summary>{summary}</summary><div>{''.join(lines)}</div></details>"


def _parameters(parameters: Sequence[Mapping[str, Any]]) -> str:
    rows = (
        f"<tr><td><code>{escape(each['name'])}</code></td><td class='s'>{escape(each['in'])}</td>"
        f"<td><code>{escape(_kind(each['schema']))}</code></td><td>{escape(each.get('description', ''))}</td></tr>"
        for each in parameters
    )
    return f"<table>{''.join(rows)}</table>"


def _content(title: str, content: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    found = "".join(_fields(media, each["schema"], schemas) for media, each in content.items())
    return f"<p><b>{escape(title)}</b></p>{found}"


def _fields(media: str, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    fields = schemas.get(_name(schema), {}).get("properties", {})
    if not fields:
        return f'<p class="s">{escape(media)}</p>'
    width = max(map(len, fields))
    lines = "\n".join(f"{name:{width}}  {_kind(each)}" for name, each in fields.items())
    return f"<pre>{escape(lines)}</pre>"


def _kind(schema: Mapping[str, Any]) -> str:
    """What a value is, in a few words."""
    if "$ref" in schema:
        return _name(schema)
    if "anyOf" in schema:
        return " | ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    kind = schema.get("type", "any")
    kinds = kind if isinstance(kind, list) else [kind]
    if kinds == ["array"]:
        return f"[{_kind(schema.get('items', {}))}]"
    return " | ".join(map(str, kinds)) + (f" ({schema['format']})" if "format" in schema else "")


def _name(schema: Mapping[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]
