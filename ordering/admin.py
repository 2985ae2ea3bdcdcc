"""What of ordering stands in the admin: its clients. Patients and orders never do."""

from ordering.cds_hooks import admin as cds_hooks_admin

__all__ = ["cds_hooks_admin"]
