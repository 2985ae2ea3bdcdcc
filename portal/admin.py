"""The admin pages of the portal: the audit trail (`portal.admin_audit`)."""

from portal import admin_audit  # noqa: F401
