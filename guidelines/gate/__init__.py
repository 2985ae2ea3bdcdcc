"""The publish gate: what is checked before a version may advise, and what its publication would change."""

from guidelines.gate.report import (
    Changed,
    GateFault,
    GateReport,
    changed_vignettes,
    check,
    faults_of,
    report_of,
)

__all__ = [
    "Changed",
    "GateFault",
    "GateReport",
    "changed_vignettes",
    "check",
    "faults_of",
    "report_of",
]
