"""Requests that a schema fuzzer makes of the service's OpenAPI document: none may be answered 5xx or off schema.

``python benchmarks/fuzz_service.py --requests 10000`` serves the shipped articles and prints how many requests ended
with which status; it leaves with 1 where a request failed a check.
"""

from __future__ import annotations

import argparse
from collections import Counter
from contextlib import suppress

from serving import serving, shipped_index

KEY = "write-0123456789abcdef"
_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


def fuzz(address: str, *, requests: int, key: str, seed: int = 0) -> Counter[int]:
    """Send so many requests to the service, valid and broken ones in turn, and return how many had which status.

    Args:
        address: Of the service.
        requests: How many, spread evenly over the operations.
        key: One that may write.
        seed: The same seed makes the same requests.

    Raises:
        schemathesis.core.failures.FailureGroup: A response has a status of 5xx, or is not what the document says.
    """
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from hypothesis.errors import Unsatisfiable
    from schemathesis import GenerationMode
    from schemathesis.checks import CHECKS

    @schemathesis.serializer("application/x-ndjson")
    def send_as_it_is(_: object, value: object) -> bytes:
        return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")

    schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
    operations = [result.ok() for result in schema.get_all_operations()]
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    checks = CHECKS.get_by_names(list(_CHECKS))
    statuses: Counter[int] = Counter()
    for operation in operations:
        for mode in modes:
            examples = -(-requests // (len(operations) * len(modes)))

            @seeded(seed)
            @settings(
                max_examples=examples,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def send(case: schemathesis.Case) -> None:
                response = case.call(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=60)
                statuses[response.status_code] += 1
                case.validate_response(response, checks=checks)

            with suppress(Unsatisfiable):  # an operation without parameters cannot be asked wrongly
                send()
    return statuses


def main() -> None:
    """Fuzz a service of the shipped articles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with (
        shipped_index() as index_path,
        serving(index_path, QA_API_KEYS=f"write:{KEY}", QA_REQUEST_TIMEOUT="600") as (address, _),
    ):
        statuses = fuzz(address, requests=options.requests, key=KEY, seed=options.seed)
    print(f"{sum(statuses.values()):,} requests:", ", ".join(f"{n:,} x {s}" for s, n in sorted(statuses.items())))


if __name__ == "__main__":
    main()
