"""The advice: what the engine answers, as frozen values that turn into the suggestion object and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is said, with the code that names it."""

    code: str
    text: str

    def to_dict(self) -> Json:
        """Return the JSON object."""
        return {"code": self.code, "text": self.text}


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """One criterion and how the answers meet it: met, not_met or unknown."""

    key: str
    title: str
    status: str
    text: str
    standing: str

    def to_dict(self) -> Json:
        """Return the JSON object."""
        return {
            "key": self.key,
            "title": self.title,
            "status": self.status,
            "text": self.text,
            "standing": self.standing,
        }


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where the reader goes when a criterion is not met; `scenario` is a slug, `url` a page elsewhere."""

    code: str
    title: str
    text: str
    scenario: str | None
    url: str | None

    def to_dict(self) -> Json:
        """Return the JSON object."""
        return {
            "code": self.code,
            "title": self.title,
            "text": self.text,
            "scenario": self.scenario,
            "url": self.url,
        }


@dataclass(frozen=True, slots=True)
class Radiation:
    """The relative radiation level of a study and its dose bands in mSv; a band not recorded is None."""

    level: int
    adult_msv: Json | None
    paediatric_msv: Json | None
    source: str | None
    standing: str

    def to_dict(self) -> Json:
        """Return the JSON object."""
        return {
            "level": self.level,
            "adult_msv": self.adult_msv and {**self.adult_msv},
            "paediatric_msv": self.paediatric_msv and {**self.paediatric_msv},
            "source": self.source,
            "standing": self.standing,
        }


@dataclass(frozen=True, slots=True)
class Study:
    """An imaging study (or whatever is chosen) as the guideline rates it. No answer changes any of this."""

    code: str
    name: str
    short_name: str
    modality: str
    site_note: str
    protocol_url: str
    codes: tuple[Json, ...]
    rating: str | None
    rating_standing: str
    rating_source: str | None
    radiation: Radiation | None
    rationale: tuple[str, ...]
    choose_when: tuple[str, ...]
    limits: str

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Study":
        """Return the study that a JSON object describes; other keys of the object are left alone."""
        values = {name: data[name] for name in cls.__slots__}
        for name in ("codes", "rationale", "choose_when"):
            values[name] = tuple(values[name])
        if values["radiation"] is not None:
            values["radiation"] = Radiation(**values["radiation"])
        return cls(**values)

    def to_dict(self) -> Json:
        """Return the JSON object."""
        return {
            "code": self.code,
            "name": self.name,
            "short_name": self.short_name,
            "modality": self.modality,
            "site_note": self.site_note,
            "protocol_url": self.protocol_url,
            "codes": [{**code} for code in self.codes],
            "rating": self.rating,
            "rating_standing": self.rating_standing,
            "rating_source": self.rating_source,
            "radiation": None if self.radiation is None else self.radiation.to_dict(),
            "rationale": [*self.rationale],
            "choose_when": [*self.choose_when],
            "limits": self.limits,
        }


@dataclass(frozen=True, slots=True)
class RankedStudy:
    """A study in its place: position counts from 1 over the whole list."""

    study: Study
    position: int
    role: str
    reasons: tuple[Remark, ...] = ()
    cautions: tuple[Remark, ...] = ()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "RankedStudy":
        """Return the ranked study that a JSON object describes."""
        return cls(
            study=Study.from_dict(data),
            position=data["position"],
            role=data["role"],
            reasons=tuple(Remark(**remark) for remark in data["reasons"]),
            cautions=tuple(Remark(**remark) for remark in data["cautions"]),
        )

    def to_dict(self) -> Json:
        """Return the JSON object."""
        data = self.study.to_dict()
        data["position"] = self.position
        data["role"] = self.role
        data["reasons"] = [remark.to_dict() for remark in self.reasons]
        data["cautions"] = [remark.to_dict() for remark in self.cautions]
        return data


@dataclass(frozen=True, slots=True)
class Advisory:
    """Something to bear in mind for this patient, whatever study is chosen. `source` is a title."""

    code: str
    severity: str
    title: str
    text: str
    standing: str
    source: str | None

    def to_dict(self) -> Json:
        """Return the JSON object."""
        return {
            "code": self.code,
            "severity": self.severity,
            "title": self.title,
            "text": self.text,
            "standing": self.standing,
            "source": self.source,
        }


@dataclass(frozen=True, slots=True)
class Question:
    """One question that the study is asked."""

    key: str
    title: str
    text: str

    def to_dict(self) -> Json:
        """Return the JSON object."""
        return {"key": self.key, "title": self.title, "text": self.text}


@dataclass(frozen=True, slots=True)
class Change:
    """One answer that, were it this value, would change the fit or the study that comes first."""

    key: str
    value: str
    fit: str
    first_study: str | None
    label: str
    value_label: str
    text: str

    def to_dict(self) -> Json:
        """Return the JSON object."""
        return {
            "key": self.key,
            "value": self.value,
            "fit": self.fit,
            "first_study": self.first_study,
            "label": self.label,
            "value_label": self.value_label,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Advice:
    """Everything the guideline says about one case. `scenario` and `source` are flat JSON objects."""

    scenario: Json
    engine: str
    fit: str
    criteria: tuple[CriterionResult, ...]
    needs: tuple[str, ...]
    redirects: tuple[Redirect, ...]
    studies: tuple[RankedStudy, ...]
    advisories: tuple[Advisory, ...]
    contradictions: tuple[Remark, ...]
    questions: tuple[Question, ...]
    what_would_change: tuple[Change, ...]
    provisional: bool
    source: Json
    not_documented: tuple[str, ...]

    @property
    def first_study(self) -> str | None:
        """Return the code of the study that comes first; None where no study is given."""
        return self.studies[0].study.code if self.studies else None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Advice":
        """Return the advice that a stored suggestion object holds."""
        return cls(
            scenario={**data["scenario"]},
            engine=data["engine"],
            fit=data["fit"],
            criteria=tuple(CriterionResult(**row) for row in data["criteria"]),
            needs=tuple(data["needs"]),
            redirects=tuple(Redirect(**row) for row in data["redirects"]),
            studies=tuple(RankedStudy.from_dict(row) for row in data["studies"]),
            advisories=tuple(Advisory(**row) for row in data["advisories"]),
            contradictions=tuple(Remark(**row) for row in data["contradictions"]),
            questions=tuple(Question(**row) for row in data["questions"]),
            what_would_change=tuple(Change(**row) for row in data["what_would_change"]),
            provisional=data["provisional"],
            source={**data["source"]},
            not_documented=tuple(data["not_documented"]),
        )

    def to_dict(self) -> Json:
        """Return the suggestion object of the API: new lists and objects each time, the caller's to keep."""
        return {
            "scenario": {**self.scenario},
            "engine": self.engine,
            "fit": self.fit,
            "criteria": [row.to_dict() for row in self.criteria],
            "needs": [*self.needs],
            "redirects": [row.to_dict() for row in self.redirects],
            "studies": [row.to_dict() for row in self.studies],
            "advisories": [row.to_dict() for row in self.advisories],
            "contradictions": [row.to_dict() for row in self.contradictions],
            "questions": [row.to_dict() for row in self.questions],
            "what_would_change": [row.to_dict() for row in self.what_would_change],
            "provisional": self.provisional,
            "source": {**self.source},
            "not_documented": [*self.not_documented],
        }
