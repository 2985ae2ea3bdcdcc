"""The filters of the quality page. They live in the address, so that a view can be kept and shared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from ordering.quality.advice import Asked
from ordering.quality.scope import MONTHS_AT_FIRST, By, Period, Scope, first_of_month, month_after
from ordering.quality.viewers import Place

YEARS_BACK = 6  # as long as consultations are kept at least
MOST_WEEKS = 6  # months that can be shown by week
IN = {"class": "in"}


class QualityForm(forms.Form):
    """Whose orders of which months to look at, and of which scenario and version."""

    organisation = forms.ChoiceField(required=False, label=_("Organisation"), widget=forms.Select(attrs=IN))
    first = forms.ChoiceField(required=False, label=_("From"), widget=forms.Select(attrs=IN))
    last = forms.ChoiceField(required=False, label=_("To"), widget=forms.Select(attrs=IN))
    scenario = forms.SlugField(
        required=False, max_length=80, label=_("Scenario"), widget=forms.Select(attrs=IN)
    )
    version = forms.IntegerField(
        required=False, min_value=1, max_value=999999, label=_("Version"), widget=forms.Select(attrs=IN)
    )
    by = forms.ChoiceField(
        required=False,
        label=_("Over time by"),
        choices=[(By.MONTH.value, _("Month")), (By.WEEK.value, _("Week"))],
        widget=forms.Select(attrs=IN),
    )

    def __init__(self, *args: Any, places: Sequence[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = places
        self.fields["organisation"].choices = [(place.name, place.label) for place in places]  # type: ignore[attr-defined]
        months = [(f"{month:%Y-%m}", date_format(month, "M Y")) for month in _months()]
        for name in ("first", "last"):
            self.fields[name].choices = months  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins, weeks over years, and a version of no scenario."""
        cleaned = self.cleaned_data
        if self.errors:
            return cleaned
        usual = Period.ending(first_of_month(), months=MONTHS_AT_FIRST)
        first = _month(cleaned["first"])
        last = _month(cleaned["last"]) or usual.last
        period = Period(first or min(usual.first, last), last)
        cleaned["period"] = period
        cleaned["by"] = By(cleaned["by"] or By.MONTH)
        if period.months < 1:
            self.add_error("last", ValidationError(_("The last month is before the first one.")))
        elif cleaned["by"] == By.WEEK and period.months > MOST_WEEKS:
            self.add_error("by", ValidationError(_("Choose at most 6 months to see weeks.")))
        if cleaned["version"] and not cleaned["scenario"]:
            self.add_error("version", ValidationError(_("Choose the scenario whose version it is.")))
        return cleaned

    def scope(self) -> Scope:
        """Return what a valid form asks for."""
        cleaned = self.cleaned_data
        wanted = cleaned["organisation"] or self.places[0].name
        place = next(place for place in self.places if place.name == wanted)
        return Scope(
            organisation_id=place.organisation_id,
            period=cleaned["period"],
            scenario=cleaned["scenario"],
            version=cleaned["version"],
            by=cleaned["by"],
        )

    def show(self, scope: Scope) -> None:
        """Select in the form what is shown, also where nothing was asked for."""
        self.data = {
            "organisation": next(
                place.name for place in self.places if place.organisation_id == scope.organisation_id
            ),
            "first": f"{scope.period.first:%Y-%m}",
            "last": f"{scope.period.last:%Y-%m}",
            "scenario": scope.scenario,
            "version": scope.version or "",
            "by": scope.by.value,
        }

    def offer(self, asked: Iterable[Asked], titles: dict[str, str], scope: Scope | None) -> None:
        """Offer the scenarios that were asked in the period, and the versions of the chosen one."""
        rows = list(asked)
        slugs = sorted(
            {row.scenario for row in rows}, key=lambda slug: str(titles.get(slug, slug)).casefold()
        )
        chosen = scope.scenario if scope else ""
        if chosen and chosen not in slugs:
            slugs.append(chosen)
        numbers = sorted({row.version for row in rows if row.scenario == chosen}, reverse=True)
        if scope and scope.version and scope.version not in numbers:
            numbers.append(scope.version)
        self.fields["scenario"].widget.choices = [
            ("", _("Any scenario")),
            *((slug, titles.get(slug, slug)) for slug in slugs),
        ]
        self.fields["version"].widget.choices = [
            ("", _("Any version")),
            *((number, str(number)) for number in numbers),
        ]


def _months() -> list[date]:
    """Return the months that can be chosen, the newest first."""
    last = first_of_month()
    month = last.replace(year=last.year - YEARS_BACK)
    months = []
    while month <= last:
        months.append(month)
        month = month_after(month)
    return months[::-1]


def _month(text: str) -> date | None:
    return date.fromisoformat(f"{text}-01") if text else None
