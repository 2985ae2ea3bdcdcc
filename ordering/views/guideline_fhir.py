"""A guideline version as FHIR, to take away: a Bundle of a PlanDefinition and its ActivityDefinitions."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from guidelines import actions, library
from guidelines.engine import canonical_json
from guidelines.exceptions import NoPublishedVersion
from guidelines.models import ScenarioVersion
from ordering.cds_hooks.ratings import Site
from ordering.fhir.definitions import collection
from ordering.fhir.editions import edition_of
from ordering.fhir.reading import place_of
from ordering.fhir.values import Place
from portal.models import User


@require_safe
def guideline_fhir(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Return a released version as a FHIR R4 Bundle; it is recorded that it left the portal."""
    user = request.user
    assert isinstance(user, User)
    try:
        version_id, _ = library.numbered(slug, number)
    except NoPublishedVersion:
        raise Http404 from None
    base = request.build_absolute_uri("/").rstrip("/")
    here = Place(base=base, site=Site(base=base), organisation="", mrn_system="")
    place = place_of(user.organisation, base) if user.organisation else here
    name = f"{slug}-v{number}.fhir.json"
    made = canonical_json(collection(edition_of(version_id), place))
    version = ScenarioVersion.objects.select_related("scenario").get(pk=version_id)
    actions.record_export(version=version, by=user, file_name=name, form="fhir")
    return HttpResponse(
        made,
        content_type="application/fhir+json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
