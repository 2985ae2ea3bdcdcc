"""Reading the audit trail in tests."""

from django.db.models import Max

from portal.audit import Actor
from portal.models import AuditEvent

ANN = Actor("user:1:ann", role="administrator", via="portal", request_id="r-1", ip="192.0.2.1")


class Trail:
    """What was recorded since this was made. The trail itself is never emptied."""

    def __init__(self) -> None:
        self._mark = AuditEvent.objects.aggregate(last=Max("id"))["last"] or 0

    def events(self, **conditions: object) -> list[AuditEvent]:
        """Return the events since then, oldest first."""
        return list(AuditEvent.objects.filter(id__gt=self._mark, **conditions).order_by("id"))

    def types(self, **conditions: object) -> list[str]:
        """Return what kind of events they are."""
        return [event.event_type for event in self.events(**conditions)]
