"""The shape of a scenario document: every key it has, and what kind of value stands there."""

from guidelines.engine import terms
from guidelines.engine.shape import (
    Check,
    Optional,
    Report,
    anything,
    boolean,
    day,
    each,
    filled,
    key,
    mapping,
    nullable,
    number,
    one_of,
    record,
    slug,
    text,
)

standing = one_of(*terms.STANDINGS)
level = one_of(0, 1, 2, 3, 4, 5)
band = nullable(record(min=number, max=number))
condition = anything  # check_condition says what is wrong with it
# who vouches for a value and since when; documents that were published before these were kept lack them
verified_by, verified_on = Optional(filled), Optional(day)
# who vouches for a row: how well it is known, from where, and who checked it when
vouched: dict[str, Check | Optional] = {
    "standing": standing,
    "source": nullable(key),
    "verified_by": verified_by,
    "verified_on": verified_on,
}

data_element = record(
    key=key,
    label=filled,
    hint=text,
    kind=one_of(*terms.KINDS),
    section=one_of(*terms.SECTIONS),
    unit=text,
    minimum=nullable(number),
    maximum=nullable(number),
    allow_future=boolean,
    derived_from=one_of("", terms.FROM_BIRTH_DATE),
    choices=each(record(value=key, label=filled)),
    summary_label=text,
)

vignette = record(
    key=key,
    title=filled,
    story=text,
    answers=mapping,
    fit=one_of(terms.FITS, terms.NEEDS_ANSWERS, terms.DOES_NOT_FIT),
    redirects=each(key),
    studies=each(record(study=key, role=nullable(one_of(*terms.ROLES)))),
    advisories=each(key),
    report=nullable(
        record(
            finding=key,
            discordant=boolean,
            complications=each(key),
            studies_done=each(key),
            next_steps=each(key),
        )
    ),
)

_scenario = record(
    slug=slug,
    title=filled,
    summary=text,
    introduction=text,
    audience=text,
    search_terms=each(filled),
    questions_introduction=text,
    radiation_justification=text,
    workflow_introduction=text,
    escalation=text,
    scale_note=text,
    review_due_on=day,
    licence=text,
    primary_source=key,
    sources=each(
        record(
            key=key,
            title=filled,
            publisher=text,
            url=nullable(filled),
            reviewer=text,
            reviewed_on=nullable(day),
            licence=text,
            note=text,
        )
    ),
    data_elements=each(data_element),
    criteria=each(
        record(
            key=key,
            title=filled,
            text=filled,
            not_met_text=filled,
            condition=condition,
            **vouched,
            redirects=each(record(when=condition, redirect=key)),
        )
    ),
    redirects=each(
        record(code=key, title=filled, text=filled, scenario=nullable(slug), url=nullable(filled))
    ),
    radiation_levels=each(
        record(
            level=level,
            adult_msv=band,
            paediatric_msv=band,
            **vouched,
            paediatric_source=nullable(key),
        )
    ),
    studies=each(
        record(
            code=key,
            name=filled,
            short_name=filled,
            modality=text,
            site_note=text,
            protocol_url=text,
            codes=each(record(system=filled, code=filled, display=text)),
        )
    ),
    rated_studies=each(
        record(
            study=key,
            default_role=one_of(*terms.ROLES),
            rating=nullable(one_of(*terms.RATINGS)),
            rating_standing=standing,
            rating_source=nullable(key),
            rating_verified_by=verified_by,
            rating_verified_on=verified_on,
            radiation_level=nullable(level),
            radiation_standing=standing,
            radiation_source=nullable(key),
            radiation_verified_by=verified_by,
            radiation_verified_on=verified_on,
            rationale=each(filled),
            choose_when=each(filled),
            limits=text,
        )
    ),
    order_rules=each(
        record(
            key=key,
            reason=key,
            condition=condition,
            text=filled,
            caution_text=text,
            placements=each(record(study=key, role=one_of(*terms.ROLES), caution=boolean)),
            **vouched,
        )
    ),
    advisories=each(
        record(
            code=key,
            severity=one_of(*terms.SEVERITIES),
            condition=condition,
            title=filled,
            text=filled,
            **vouched,
        )
    ),
    contradictions=each(record(code=key, condition=condition, text=filled, elements=each(key))),
    questions=each(record(key=key, title=filled, text=text)),
    findings=each(record(key=key, label=filled, description=text, tone=one_of(*terms.TONES), reminder=text)),
    complications=each(record(key=key, label=filled)),
    next_steps=each(
        record(
            code=key,
            title=filled,
            text=filled,
            study=nullable(key),
            prefill=each(record(element=key, value=anything, studies=each(key))),
            **vouched,
        )
    ),
    next_step_rules=each(record(key=key, condition=condition, adds=each(key), removes=each(key))),
    pitfalls=each(
        record(
            key=key,
            title=filled,
            text=filled,
            **vouched,
        )
    ),
    faqs=each(
        record(
            key=key,
            question=filled,
            answer=filled,
            **vouched,
        )
    ),
    bindings=each(
        record(
            resource=filled,
            element=nullable(key),
            system=text,
            code=text,
            match=one_of(*terms.MATCHES),
            value=text,
            note=text,
            **vouched,
        )
    ),
    # only in documents whose scenario has any
    leaflet=Optional(
        each(
            record(
                key=key,
                part=one_of(*terms.LEAFLET_PARTS),
                study=nullable(key),
                text=filled,
                **vouched,
            )
        )
    ),
    vignettes=Optional(each(vignette)),
)


def check_shape(document: object, report: Report) -> None:
    """Report every missing, unknown or wrongly typed key of a scenario document."""
    _scenario(document, "", report)
