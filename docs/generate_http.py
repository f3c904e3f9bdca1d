"""Write docs/http.md from the service's own OpenAPI document: ``python docs/generate_http.py``.

``tests/qa/test_service_docs.py`` fails where the page is not what this makes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qa.service.app import openapi_document

PAGE = Path(__file__).with_name("http.md")
_HEAD = """# The service over HTTP

Made from the service's OpenAPI document (`/openapi.json`) by `python docs/generate_http.py`.

```
qa serve                                     # this machine alone, read-only: http://127.0.0.1:8000/
curl 'http://127.0.0.1:8000/v1/ask?q=what+is+Caspian+Wind-2025'
```

`/` is a page to ask on, `/embed.js` a script that puts an ask box into another site, `/demo` shows it. A link to a
question is `/?q=...`; a link to a place in an article is `/?read=ID#char=START,END`, in code points.

**Who may do what.** Without keys everyone who reaches the service may read and nobody may write. With
`QA_API_KEYS=read:KEY,write:KEY` every `/v1` address and `/metrics` needs `Authorization: Bearer KEY`; a key that may
write may read. The service answers to addresses, `localhost` and the names in `QA_ALLOWED_HOSTS`; pages of other
sites may ask it only where `QA_CORS_ORIGINS` lists them. [All settings](settings.md).

**Uploaded articles** are kept in `QA_UPLOADS` (by default `uploads` in the index's folder). Removing an article takes
it out of the index; its file is deleted only where it was uploaded, so a file of your own comes back with the next
`qa index` of its folder.

**Under load** each process works on `QA_MAX_CONCURRENCY` questions and lets `QA_MAX_WAITING` more wait; beyond that it
answers 503 with `Retry-After`, at once. `--workers N` starts N processes that share the index's memory. A revision that
`qa index` writes is served from the next question on. SIGTERM ends what runs and takes no more. `QA_RATE_LIMIT` holds
for each key over all the workers of one `qa serve`; beyond it the answer is 429 with `Retry-After`.

**Errors** have one shape, `{"error": {"code", "message"}}`; a code never changes its meaning. Every response has an
`X-Request-ID` (the request's own, where it sends one), which stands in the log, one JSON line a request.

**Traces.** With `pip install "article-qa[otel]"`, OpenTelemetry's own variables turn them on, in every worker:

```
OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 OTEL_SERVICE_NAME=articles qa serve --workers 2
OTEL_TRACES_EXPORTER=console qa serve        # to look at them here; OTEL_SDK_DISABLED=true turns them off
```

Each request is a span, named by its route; below it each question is a span `answer` (`qa.answered`, `qa.confidence`,
`qa.citations`, `qa.revision`) with a span for each step. A `traceparent` that a request sends is continued, and the log
line has the `trace_id`. Addresses stand there without what follows the `?`, and `qa.question` only with
`QA_LOG_QUESTIONS`. `OTEL_PYTHON_EXCLUDED_URLS=healthz,readyz,metrics` leaves those out. Without one of
`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` and `OTEL_TRACES_EXPORTER` nothing is traced, and
neither OpenTelemetry's SDK nor its exporters are loaded.
"""


def http_page() -> str:
    """Return the page."""
    document = openapi_document()
    parts = [_HEAD]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts.append("\n".join(_operation(document, path, method, operation)))
    parts.append("## Shapes\n")
    parts += ["\n".join(_shape(name, schema)) for name, schema in sorted(document["components"]["schemas"].items())]
    return "\n".join(parts)


def _operation(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"## `{method.upper()} {path}`\n"
    yield f"{operation['description']}\n"
    parameters = operation.get("parameters", [])
    if parameters:
        yield "| parameter | in | type | default | meaning |\n|---|---|---|---|---|"
        for one in parameters:
            default = "required" if one.get("required") else f"`{json.dumps(one['schema'].get('default'))}`"
            kind = _type(one["schema"])
            yield f"| `{one['name']}` | {one['in']} | {kind} | {default} | {one.get('description', '')} |"
        yield ""
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"Body: `{media}`, {_type(content['schema'])}\n"
        if "example" in content:
            yield f"```\n{content['example'].strip()}\n```\n"
    yield "| status | body | |\n|---|---|---|"
    for status, response in operation["responses"].items():
        bodies = ", ".join(
            f"`{m}` {_type(c.get('schema', {}))}".strip() for m, c in response.get("content", {}).items()
        )
        yield f"| {status} | {bodies} | {response['description']} |"
    yield ""
    answer = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("example")
    if answer is not None and method == "get":
        yield f"```json\n{json.dumps(answer, indent=2, ensure_ascii=False)}\n```\n"


def _shape(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f"### {name}\n"
    if schema.get("description"):
        yield f"{schema['description']}\n"
    yield "| key | type | |\n|---|---|---|"
    for key, value in schema.get("properties", {}).items():
        notes = [value.get("description", ""), "" if key in schema.get("required", []) else "may be left out"]
        yield f"| `{key}` | {_type(value)} | {'; '.join(note for note in notes if note)} |"
    yield ""


def _type(schema: dict[str, Any]) -> str:
    """Return a JSON schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return " or ".join(f"`{json.dumps(value)}`" for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    limits = [
        f"{words} {schema[key]:,}"
        for key, words in (
            ("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "to"), ("exclusiveMaximum", "below"),
            ("maxLength", "at most"),
        )
        if key in schema
    ]  # fmt: skip
    return " ".join([schema.get("type", ""), *limits]).strip()


if __name__ == "__main__":
    PAGE.write_text(http_page(), encoding="utf-8")
