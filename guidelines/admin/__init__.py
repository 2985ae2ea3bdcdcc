"""The editors' desk in Django's admin: scenarios, versions and the rows of a version."""

from guidelines.admin import content, scenarios, silent, versions, vignettes

__all__ = ["content", "scenarios", "silent", "versions", "vignettes"]
