"""What every admin page of the portal shares: safe filters and the look."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.http import HttpRequest

_SUFFIXES = ("", "__exact", "__isnull", "__gte", "__lt", "__in")  # what Django's own filters put into links


class DeskAdmin(ModelAdmin):
    """A model admin that answers only the filters it offers, and never with a fault of the database."""

    actions = None
    list_per_page = 50

    class Media:
        css = {"all": ["css/admin-desk.css"]}
        js = ["js/admin-desk.js"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Refuse lookups that no filter of the page made; `?name__regex=(` is a fault of the database."""
        assert request is not None
        return lookup in self._offered_lookups(request)

    def _offered_lookups(self, request: HttpRequest) -> set[str]:
        offered: set[str] = set()
        for item in self.get_list_filter(request):
            if isinstance(item, type) and issubclass(item, admin.SimpleListFilter):
                offered.add(str(item.parameter_name))
                continue
            name: Any = item[0] if isinstance(item, tuple) else item
            offered |= {f"{name}{suffix}" for suffix in _SUFFIXES}
            offered |= {f"{name}__id{suffix}" for suffix in _SUFFIXES}
        return offered
