"""Guideline content as rows: one scenario, its versions, and everything that a version says."""

from guidelines.models.choices import OPEN, RELEASED, Action, Rating, Role, Severity, Standing, State
from guidelines.models.elements import Choice, DataElement
from guidelines.models.exchange import PackRecord
from guidelines.models.reading import Binding, Faq, Pitfall, Question
from guidelines.models.reports import (
    Complication,
    NextStep,
    NextStepRule,
    ReportFinding,
)
from guidelines.models.review import Contributor, ReviewStep
from guidelines.models.rules import (
    Advisory,
    Contradiction,
    Criterion,
    CriterionRedirect,
    OrderRule,
    Redirect,
    RulePlacement,
)
from guidelines.models.silent import SilentRun
from guidelines.models.studies import RadiationLevel, RatedStudy, Study
from guidelines.models.versions import Scenario, ScenarioVersion, Source
from guidelines.models.vignettes import Vignette

__all__ = [
    "OPEN",
    "RELEASED",
    "Action",
    "Advisory",
    "Binding",
    "Choice",
    "Complication",
    "Contradiction",
    "Contributor",
    "Criterion",
    "CriterionRedirect",
    "DataElement",
    "Faq",
    "NextStep",
    "NextStepRule",
    "OrderRule",
    "PackRecord",
    "Pitfall",
    "Question",
    "RadiationLevel",
    "RatedStudy",
    "Rating",
    "Redirect",
    "ReportFinding",
    "ReviewStep",
    "Role",
    "RulePlacement",
    "Scenario",
    "ScenarioVersion",
    "Severity",
    "SilentRun",
    "Source",
    "Standing",
    "State",
    "Study",
    "Vignette",
]
