"""Guideline content as rows: one scenario, its versions, and everything that a version says."""

from guidelines.models.choices import Rating, Role, Severity, Standing, State
from guidelines.models.elements import Choice, DataElement
from guidelines.models.reading import Binding, Faq, Pitfall, Question
from guidelines.models.reports import (
    Complication,
    NextStep,
    NextStepRule,
    ReportFinding,
)
from guidelines.models.rules import (
    Advisory,
    Contradiction,
    Criterion,
    CriterionRedirect,
    OrderRule,
    Redirect,
    RulePlacement,
)
from guidelines.models.studies import RadiationLevel, RatedStudy, Study
from guidelines.models.versions import Scenario, ScenarioVersion, Source
from guidelines.models.vignettes import Vignette

__all__ = [
    "Advisory",
    "Binding",
    "Choice",
    "Complication",
    "Contradiction",
    "Criterion",
    "CriterionRedirect",
    "DataElement",
    "Faq",
    "NextStep",
    "NextStepRule",
    "OrderRule",
    "Pitfall",
    "Question",
    "RadiationLevel",
    "RatedStudy",
    "Rating",
    "Redirect",
    "ReportFinding",
    "Role",
    "RulePlacement",
    "Scenario",
    "ScenarioVersion",
    "Severity",
    "Source",
    "Standing",
    "State",
    "Study",
    "Vignette",
]
