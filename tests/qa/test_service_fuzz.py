"""Requests made from the service's own OpenAPI document, valid and broken."""

import sys
from pathlib import Path

import pytest

from tests.qa.conftest import WRITE_KEY, served

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "benchmarks"))

pytest.importorskip("schemathesis", reason="schemathesis is not installed: the service is not fuzzed")


@pytest.mark.slow
def test_no_request_of_a_schema_fuzzer_is_answered_with_a_bug_or_off_schema(index_path):
    from fuzz_service import fuzz

    with served(index_path, api_keys=(f"write:{WRITE_KEY}",)) as address:
        statuses = fuzz(address, requests=150, key=WRITE_KEY)
    assert sum(statuses.values()) >= 100
    assert {200, 422} <= set(statuses) <= {200, 201, 400, 401, 403, 404, 405, 409, 413, 415, 422}
