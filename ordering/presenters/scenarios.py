"""The scenarios to choose from: what was searched for, or what somebody has at hand before the rest."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guidelines import library
from guidelines.library import Edition
from ordering.models import Consultation
from ordering.working_models import FavouriteScenario
from portal.models import User

LOOKED_AT = 30  # latest questions of a person that say what was used lately
RECENT = 5  # scenarios shown as used lately


@dataclass(frozen=True, slots=True)
class Group:
    """Scenarios under one heading."""

    title: str
    scenarios: list[Edition]


def favourites_of(user: User) -> set[str]:
    """Return the slugs of somebody's favourite scenarios."""
    return set(FavouriteScenario.objects.filter(user=user).values_list("scenario_slug", flat=True))


def found_group(editions: list[Edition]) -> list[Group]:
    """Return what a search found as a group, or no group when it found nothing."""
    count = len(editions)
    title = ngettext("%(count)d scenario found", "%(count)d scenarios found", count) % {"count": count}
    return [Group(title, editions)] if editions else []


def groups_for(user: User, *, favourites: set[str]) -> list[Group]:
    """Return the scenarios in use: the favourites, those used lately, and others by title; none twice."""
    assert user.organisation_id is not None
    asked = Consultation.objects.filter(organisation_id=user.organisation_id, requester=user)
    latest = asked.order_by("-created_at").values_list("scenario_slug", flat=True)[:LOOKED_AT]
    known = {*favourites, library.NO_SCENARIO}
    recent = [slug for slug in dict.fromkeys(latest) if slug not in known][:RECENT]
    at_hand = {edition.slug: edition for edition in library.published({*favourites, *recent})}
    groups = [
        Group(_("Your favourites"), [at_hand[slug] for slug in at_hand if slug in favourites]),
        Group(_("Used lately"), [at_hand[slug] for slug in recent if slug in at_hand]),
        Group(_("Scenarios"), [one for one in library.search("") if one.slug not in at_hand]),
    ]
    return [group for group in groups if group.scenarios]
