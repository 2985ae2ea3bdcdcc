"""What answers say: plain dictionaries from rows. A page of orders takes the same queries as one order."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone

from guidelines.engine import RuleSet
from ordering.api.rendering import instant
from ordering.models import Consultation, Finding, Order, OrderStatus, Progress
from portal.models import User

Json = dict[str, Any]

ORDER_FIELDS = [
    "id",
    "number",
    "status",
    "priority",
    "note",
    "scenario_slug",
    "scenario_title",
    "version_number",
    "study_code",
    "study_name",
    "study_text",
    "rating",
    "radiation",
    "override_reason_code",
    "override_reason_text",
    "adherence",
    "parent_id",
    "replaces_id",
    "wanted_by",
    "requester_id",
    "created_by_id",
    "signed_by_id",
    "placed_at",
    "signed_at",
    "updated_at",
    "revision",
    "patient_id",
    "patient__mrn",
    "patient__family_name",
    "patient__given_name",
    "patient__birth_date",
    "patient__sex",
    "consultation_id",
    "consultation__created_at",
    "consultation__via",
    "consultation__answers",
    "consultation__advice",
]


def orders(rows: Sequence[Json]) -> list[Json]:
    """Return the order objects of rows with ORDER_FIELDS; five queries however many there are."""
    ids = [row["id"] for row in rows]
    statuses = _by_order(
        OrderStatus.objects.filter(order__in=ids).order_by("at", "pk"),
        "status",
        "at",
        "by_id",
        "via",
        "reason",
    )
    findings = _by_order(
        Finding.objects.filter(order__in=ids).order_by("recorded_at", "pk"), *_FINDING_FIELDS
    )
    progress = _by_order(
        Progress.objects.filter(order__in=ids).order_by("at", "pk"), "event", "at", "accession", "recorded_at"
    )
    follow_ups: dict[UUID, list[str]] = defaultdict(list)
    followed = Order.objects.filter(parent__in=ids).order_by("placed_at", "pk").values_list("parent_id", "pk")
    for parent, pk in followed:
        follow_ups[parent].append(str(pk))
    people = _people(
        [
            *(row[field] for row in rows for field in ("requester_id", "created_by_id", "signed_by_id")),
            *(status["by_id"] for some in statuses.values() for status in some),
            *(finding["recorded_by_id"] for some in findings.values() for finding in some),
        ]
    )
    return [
        {
            "id": str(row["id"]),
            "number": row["number"],
            "status": row["status"],
            "priority": row["priority"],
            "patient": _patient(row),
            "requester": people(row["requester_id"]),
            "scenario": {
                "slug": row["scenario_slug"],
                "title": row["scenario_title"],
                "version": row["version_number"],
            },
            "study": _study(row),
            "study_text": row["study_text"] or None,
            "override_reason": _override_reason(row),
            "note": row["note"],
            "consultation": {
                "id": str(row["consultation_id"]),
                "created_at": instant(row["consultation__created_at"]),
                "via": row["consultation__via"],
                "answers": row["consultation__answers"],
                "suggestion": json.loads(row["consultation__advice"]),
                "adherence": row["adherence"],
            },
            "parent": str(row["parent_id"]) if row["parent_id"] else None,
            "follow_ups": follow_ups[row["id"]],
            "replaces": str(row["replaces_id"]) if row["replaces_id"] else None,
            "wanted_by": row["wanted_by"].isoformat() if row["wanted_by"] else None,
            "findings": [_finding(finding, people) for finding in findings[row["id"]]],
            "progress": [_progress(step) for step in progress[row["id"]]],
            "statuses": [
                {
                    "status": status["status"],
                    "at": instant(status["at"]),
                    "by": people(status["by_id"]),
                    "via": status["via"],
                    "reason": status["reason"],
                }
                for status in statuses[row["id"]]
            ],
            "created_by": people(row["created_by_id"]),
            "signed_by": people(row["signed_by_id"]),
            "placed_at": instant(row["placed_at"]),
            "signed_at": instant(row["signed_at"]),
            "updated_at": instant(row["updated_at"]),
            "revision": row["revision"],
        }
        for row in rows
    ]


def order(pk: UUID) -> Json:
    """Return one order object."""
    return orders(list(Order.objects.filter(pk=pk).values(*ORDER_FIELDS)))[0]


def consultation(recorded: Consultation) -> Json:
    """Return a recorded consultation: the suggestion with its id, and what was asked."""
    return recorded.suggestion | {
        "id": str(recorded.pk),
        "created_at": instant(recorded.created_at),
        "via": recorded.via,
        "answers": recorded.answers,
        "patient": {"id": str(recorded.patient_id)} if recorded.patient_id else None,
    }


def finding(recorded: Finding) -> Json:
    """Return a recorded finding with its next steps."""
    row = {field: getattr(recorded, field) for field in _FINDING_FIELDS}
    return _finding(row, _people([recorded.recorded_by_id]))


def progress(recorded: Progress) -> Json:
    """Return what radiology reported."""
    return _progress(
        {field: getattr(recorded, field) for field in ("event", "at", "accession", "recorded_at")}
    )


def scenario(ruleset: RuleSet, *, state: str) -> Json:
    """Return the content of one version: its document, the studies with their ratings, version and digest."""
    roles = {row["study"]: row["default_role"] for row in ruleset.document["rated_studies"]}
    said = {name: value for name, value in ruleset.document.items() if name != "vignettes"}
    return said | {  # vignettes are the editors' checks, and nobody's advice
        "version": ruleset.version,
        "digest": ruleset.digest,
        "state": state,
        "review_overdue": date.fromisoformat(ruleset.document["review_due_on"]) < timezone.localdate(),
        "source": ruleset.source,
        "studies": [
            study.to_dict() | {"default_role": roles.get(code)} for code, study in ruleset.studies.items()
        ],
    }


_FINDING_FIELDS = (
    "id",
    "finding",
    "compared_with_baseline",
    "discordant",
    "complications",
    "comment",
    "reported_at",
    "recorded_at",
    "recorded_by_id",
    "provisional",
    "next_steps",
)

People = Callable[[int | None], Json | None]


def _by_order(queryset: Any, *fields: str) -> dict[UUID, list[Json]]:
    grouped: dict[UUID, list[Json]] = defaultdict(list)
    for row in queryset.values("order_id", *fields):
        grouped[row["order_id"]].append(row)
    return grouped


def _people(ids: Iterable[int | None]) -> People:
    """Return a function that turns the key of a user into what others see of the person."""
    known = User.objects.in_bulk({pk for pk in ids if pk is not None})

    def person(pk: int | None) -> Json | None:
        return None if pk is None else {"id": pk, "name": known[pk].display_name}

    return person


def _patient(row: Json) -> Json:
    return {
        "id": str(row["patient_id"]),
        "mrn": row["patient__mrn"],
        "family_name": row["patient__family_name"],
        "given_name": row["patient__given_name"],
        "birth_date": row["patient__birth_date"].isoformat(),
        "sex": row["patient__sex"],
    }


def _study(row: Json) -> Json | None:
    if not row["study_code"]:
        return None
    return {
        "code": row["study_code"],
        "name": row["study_name"],
        "rating": row["rating"] or None,
        "radiation": row["radiation"],
    }


def _override_reason(row: Json) -> Json | None:
    if not row["override_reason_code"]:
        return None
    return {"code": row["override_reason_code"], "text": row["override_reason_text"]}


def _finding(row: Json, people: People) -> Json:
    return {
        "id": str(row["id"]),
        "finding": row["finding"],
        "compared_with_baseline": row["compared_with_baseline"],
        "discordant": row["discordant"],
        "complications": row["complications"],
        "comment": row["comment"],
        "provisional": row["provisional"],
        "reported_at": instant(row["reported_at"]),
        "recorded_at": instant(row["recorded_at"]),
        "recorded_by": people(row["recorded_by_id"]),
        # a study is named only where the step is to order one
        "next_steps": [
            {key: value for key, value in step.items() if value is not None} for step in row["next_steps"]
        ],
    }


def _progress(row: Json) -> Json:
    return {
        "event": row["event"],
        "at": instant(row["at"]),
        "accession": row["accession"],
        "recorded_at": instant(row["recorded_at"]),
    }
