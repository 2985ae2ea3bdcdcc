"""Django app configuration of ordering."""

from django.apps import AppConfig


class OrderingConfig(AppConfig):
    """Patients, consultations, orders, findings."""

    name = "ordering"
    verbose_name = "Ordering"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have webhooks told of events, and the worker look after them."""
        from guidelines import consulted, usage
        from ordering.consulted import RecordedConsultations
        from ordering.guideline_usage import RecordedUsage
        from ordering.webhooks import history, queueing, tasks
        from portal import health, jobs, outbox

        consulted.register(RecordedConsultations())
        usage.register(RecordedUsage())
        outbox.listen(queueing.fan_out)
        jobs.every(tasks.SWEEP_SECONDS, "webhooks", tasks.sweep)
        jobs.every(tasks.PURGE_SECONDS, "webhooks-purge", tasks.purge)
        health.watch_for("webhook-deliveries-late", history.lagging)
