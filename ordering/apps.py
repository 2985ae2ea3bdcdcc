"""Django app configuration of ordering."""

from django.apps import AppConfig


class OrderingConfig(AppConfig):
    """Patients, consultations, orders, findings."""

    name = "ordering"
    verbose_name = "Ordering"
    default_auto_field = "django.db.models.BigAutoField"
