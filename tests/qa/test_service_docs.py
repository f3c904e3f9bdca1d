"""docs/http.md says what the service does."""

import importlib.util
import re
from pathlib import Path

from qa.service.app import openapi_document

DOCS = Path(__file__).parent.parent.parent / "docs"


def generator():
    spec = importlib.util.spec_from_file_location("generate_http", DOCS / "generate_http.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_openapi_document_says():
    assert (DOCS / "http.md").read_text(encoding="utf-8") == generator().http_page(), (
        "run: python docs/generate_http.py"
    )


def test_the_page_names_every_operation_and_its_links_lead_to_a_shape():
    page = generator().http_page()
    operations = [f"{m.upper()} {path}" for path, methods in openapi_document()["paths"].items() for m in methods]
    assert re.findall(r"^## `(.+)`$", page, re.MULTILINE) == operations
    shapes = {name.lower() for name in re.findall(r"^### (\w+)$", page, re.MULTILINE)}
    assert set(re.findall(r"\]\(#(\w+)\)", page)) <= shapes
