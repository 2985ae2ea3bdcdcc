"""The closed lists of words that a scenario document and an advice may use."""

from typing import Final

ENGINE_VERSION: Final = "1"  # recorded with advice; raised when the same case may be judged otherwise

FITS: Final = "fits"
DOES_NOT_FIT: Final = "does_not_fit"
NEEDS_ANSWERS: Final = "needs_answers"

MET: Final = "met"
NOT_MET: Final = "not_met"
UNKNOWN: Final = "unknown"

# The order of this tuple is the order in which studies are listed.
ROLES: Final = ("suggested", "alternative", "fallback", "contraindicated", "not_rated", "not_recommended")

RATINGS: Final = (
    "usually_appropriate",
    "may_be_appropriate",
    "may_be_appropriate_disagreement",
    "usually_not_appropriate",
)

# Where a value comes from: the article, another cited source, our reading, or the site itself.
STANDINGS: Final = ("article", "secondary", "inferred", "site_policy")
CITED_STANDINGS: Final = ("article", "secondary")

# Parts of the leaflet for patients, in the order in which they are printed.
LEAFLET_PARTS: Final = ("why", "study", "radiation", "tell_staff", "after")

SEVERITIES: Final = ("info", "caution", "stop")
TONES: Final = ("ok", "caution", "stop")
SECTIONS: Final = ("fit", "choice", "more")
MATCHES: Final = ("exact", "category", "status", "latest", "birth-date", "trigger", "study")

CHOICE: Final = "choice"
CHOICES: Final = "choices"
INTEGER: Final = "integer"
DECIMAL: Final = "decimal"
DATE: Final = "date"
KINDS: Final = (CHOICE, CHOICES, INTEGER, DECIMAL, DATE)
NUMBERS: Final = (INTEGER, DECIMAL)
LISTED: Final = (CHOICE, CHOICES)

FROM_BIRTH_DATE: Final = "patient.birth_date"

# What a report says. Conditions of next-step rules read these beside the answers: no element may be so named.
REPORT_FACTS: Final = ("finding", "discordant", "complications", "studies_done")

WIDEST_NUMBER: Final = 10**15  # up to 2**53 every JSON reader keeps whole numbers (RFC 8259, 6)
