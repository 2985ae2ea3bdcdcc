"""Answers what guidelines ask about consultations: which questions were put, never about whom."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.db.models import Count, Q

from guidelines.consulted import Compared, Question, SilentCounts
from ordering.models import Consultation
from ordering.silent_models import SilentComparison


class RecordedConsultations:
    """The questions of all organisations, without patient, person, organisation and time."""

    def recent(self, *, slug: str, limit: int) -> Iterator[Question]:
        """Yield the latest questions to a scenario, newest first."""
        # keys are in order of time (UUIDv7)
        rows = Consultation.objects.filter(scenario_slug=slug).order_by("-pk")
        for answers, advice in rows.values_list("answers", "advice")[:limit].iterator(chunk_size=200):
            yield Question(answers, json.loads(advice))

    def silent_counts(self, *, run: int) -> SilentCounts:
        """Return how a silent run went."""
        return SilentCounts(
            **SilentComparison.objects.filter(run=run).aggregate(
                compared=Count("pk"),
                different=Count("pk", filter=Q(outcome=SilentComparison.Outcome.DIFFERENT)),
                failed=Count("pk", filter=Q(outcome=SilentComparison.Outcome.FAILED)),
            )
        )

    def silent_differences(self, *, run: int, limit: int) -> Iterator[Compared]:
        """Yield what a silent run said otherwise, newest first."""
        rows = SilentComparison.objects.filter(run=run, outcome=SilentComparison.Outcome.DIFFERENT)
        for answers, changes in rows.order_by("-pk").values_list("consultation__answers", "changes")[:limit]:
            yield Compared(answers, tuple(changes))
