"""What the OpenAPI document says is compared with what a running server answers, by requests made from it.

The long run is `.ci/clients`. Here each call gets a few requests that the
document allows and a few that it does not, always the same ones.
"""

from __future__ import annotations

from itertools import cycle
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import just
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from ordering.api.schema import schema_document
from tests.ordering.api.caller import FINDING, Caller

SEED = 20261123
# what kind of requests, whether for an order that is there, how many of each call
RUNS = [
    (GenerationMode.POSITIVE, True, 5),
    (GenerationMode.NEGATIVE, True, 2),
    (GenerationMode.NEGATIVE, False, 3),
]
NOT_HERE = {
    # an unknown study, an order in another status, a stale tag: well-formed, and refused all the same
    "positive_data_acceptance",
    # of chains of calls, which this test does not make
    "use_after_free",
    "ensure_resource_availability",
    # asks each call again without its token: tests/ordering/test_token_matrix.py does so once for each
    "ignored_auth",
    # a server thread of the test has no such limit
    "max_response_time",
}


@pytest.fixture
def orders(api: Caller) -> list[str]:
    """Return the ids of orders in every status, and one that is none."""
    draft = api.placed(sign=False)
    active, held, done = (api.placed() for _ in range(3))
    api.post(f"orders/{held['id']}/hold/", {"reason": "Waiting."})
    api.post(f"orders/{done['id']}/findings/", FINDING)
    return [*(order["id"] for order in (draft, active, held, done)), "01900000-0000-7000-8000-000000000000"]


@pytest.mark.django_db(transaction=True)
def test_every_answer_is_one_that_the_document_describes(api: Caller, orders: list[str], live_server):
    load_all_checks()
    checks = {check for check in CHECKS.get_all() if check.__name__ not in NOT_HERE}
    assert len(checks) >= 6
    schema = schemathesis.openapi.from_dict(schema_document())
    schema.config.generation.update(with_security_parameters=False)
    schema.config.checks.missing_required_header.expected_statuses = ["400", "404", "409", "428"]
    next_order = cycle(orders)
    answered: set[int] = set()

    def ask(case: Any, with_order: bool) -> None:
        wanted = checks
        if with_order and case.operation.path.startswith("/api/v1/orders/{id}/"):
            case.path_parameters["id"] = next(next_order)
            # an id that was to be refused is no longer there
            wanted = {check for check in checks if check.__name__ != "negative_data_rejection"}
        response = case.call(base_url=live_server.url, headers={"Authorization": f"Bearer {api.secret}"})
        answered.add(response.status_code)
        case.validate_response(response, checks=list(wanted))

    for result in schema.get_all_operations():
        operation = result.ok()
        for mode, with_order, examples in RUNS:
            limits = settings(
                max_examples=examples,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            strategy = operation.as_strategy(generation_mode=mode)
            seed(SEED)(limits(given(case=strategy, with_order=just(with_order))(ask)))()

    assert {200, 201, 400, 404, 409, 422} <= answered
    assert max(answered) < 500
