"""Every stable code of the API's refusals: what it means, and what a client does about it.

The OpenAPI document takes its statuses and codes from here, and docs/api-errors.md is written from here:
`python -m ordering.api.catalogue`. Standard library only, so that nothing has to be set up for that.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownProblem:
    """One `code` of a problem: its status and title, what it means, and what to do."""

    status: int
    code: str
    title: str
    means: str
    do: str


PROBLEMS = (
    KnownProblem(
        400,
        "malformed",
        "The request does not have the right shape",
        "The body is not JSON, or has an unknown field, a wrong type, or a gap. `errors` names all.",
        "Correct the client; the same request will be refused again.",
    ),
    KnownProblem(
        400,
        "bad-query",
        "The query cannot be used",
        "A query parameter is unknown, repeated or has no usable value. `errors` names each `parameter`.",
        "Correct the address; follow `next` and `previous` links as they are.",
    ),
    KnownProblem(
        400,
        "bad-header",
        "A header cannot be used",
        "`Idempotency-Key`, `If-Match` or `If-None-Match` is not written as it must be.",
        "Send an `ETag` as you got it, in its quotation marks; a key of 1 to 255 printable characters.",
    ),
    KnownProblem(
        400,
        "bad-request",
        "The request could not be read",
        "The address holds control characters or broken UTF-8, or the request is broken as such.",
        "Correct the address.",
    ),
    KnownProblem(
        401,
        "unauthorised",
        "Sign in with a bearer token",
        "There is no token, or it is unknown, expired or revoked, or its person may not sign in any more.",
        "Send `Authorization: Bearer <token>`; get a new token if this one has ended.",
    ),
    KnownProblem(
        403,
        "missing-scope",
        "You may not do this",
        "The token lacks the scope that the call needs; `detail` names it.",
        "Have a token made with that scope.",
    ),
    KnownProblem(
        403,
        "forbidden",
        "You may not do this",
        "The role of the token's person does not allow it.",
        "Use the token of a person with the role.",
    ),
    KnownProblem(
        404,
        "not-found",
        "Not found",
        "Nothing there, or another organisation's. Addresses end with a slash.",
        "Check the address and the id.",
    ),
    KnownProblem(
        405,
        "method-not-allowed",
        "This address has no such method",
        "The address takes other methods.",
        "Use one that `Allow` lists.",
    ),
    KnownProblem(
        409,
        "illegal-transition",
        "The order's status does not allow this",
        "The order is in another status than the step needs; `order_status` says in which.",
        "Read the order again and decide anew.",
    ),
    KnownProblem(
        409,
        "not-reportable",
        "The order's status does not allow this",
        "A finding or progress on an order that was never signed, or no longer stands.",
        "Check that the report belongs to this order.",
    ),
    KnownProblem(
        409,
        "not-signed",
        "The order was never signed",
        "The HL7 v2 message of a draft: radiology is told of an order once it is signed.",
        "Sign the order first.",
    ),
    KnownProblem(
        409,
        "consultation-used",
        "The consultation carries another order",
        "An order was already placed on that consultation.",
        "Ask for a new consultation, or send scenario and answers.",
    ),
    KnownProblem(
        409,
        "version-not-current",
        "The guideline has another version now",
        "`digest` names a version that is not the published one; see `changes` and `current`.",
        "Show the new advice to the person who orders, then send its digest.",
    ),
    KnownProblem(
        409,
        "advice-out-of-date",
        "The advice no longer holds",
        "The guideline or the patient's age changed since the advice; see `changes` and `current`.",
        "Show the new advice to the person who orders, then ask again.",
    ),
    KnownProblem(
        409,
        "idempotency-key-in-use",
        "The first request with this Idempotency-Key is still running",
        "The same request is being carried out at this moment.",
        "Repeat it unchanged after `Retry-After` seconds to get its answer.",
    ),
    KnownProblem(
        409,
        "webhook-not-active",
        "The webhook is disabled",
        "Nothing is sent to a webhook that is disabled.",
        'Enable it with `PATCH {"active": true}`; then everything that waits is sent.',
    ),
    KnownProblem(
        412,
        "stale",
        "The order has changed",
        "`If-Match` names another revision than the present one.",
        "Read the order again, show what changed, and send the new `ETag`.",
    ),
    KnownProblem(
        413,
        "too-large",
        "The request is too large",
        "The body is over 1 MiB.",
        "Send less; no request of this API needs as much.",
    ),
    KnownProblem(
        415,
        "unsupported-media-type",
        "The body is not JSON",
        "The body is not `application/json`, or is packed (`Content-Encoding`).",
        "Send `Content-Type: application/json`, and the body as it is.",
    ),
    KnownProblem(
        422,
        "invalid",
        "The request cannot be carried out as it is",
        "Well-formed, but it cannot be: a value, a combination, an unknown study. `errors` says why.",
        "Show the faults to the person who can correct the values.",
    ),
    KnownProblem(
        422,
        "idempotency-key-reused",
        "This Idempotency-Key was used for another request",
        "The key came with another request before, within 24 hours.",
        "Use a new key for each new request, and the same one only to repeat a request unchanged.",
    ),
    KnownProblem(
        428,
        "precondition-required",
        "Say which state you are changing",
        "`If-Match` is missing.",
        "Send it with the `ETag` of the order as you read it.",
    ),
    KnownProblem(
        429,
        "too-many-requests",
        "Too many requests",
        "Over the rate of the token, or too many wrong tokens from this address.",
        "Wait for `Retry-After` seconds.",
    ),
    KnownProblem(
        500,
        "server-error",
        "Something went wrong",
        "A fault of the portal; nothing was stored.",
        "Report the `request_id`. Repeating is safe with the same `Idempotency-Key`.",
    ),
    KnownProblem(
        503,
        "unavailable",
        "Not available for a moment",
        "The database is away; nothing was stored.",
        "Repeat after `Retry-After` seconds, with the same `Idempotency-Key`.",
    ),
)

# code -> (what it means, what to do); `status` of the problem follows from all faults together
FAULTS: dict[str, tuple[str, str]] = {
    "required": ("A field is missing, or empty where it must not be.", "Send it."),
    "wrong-type": ("Another JSON type than the field has; nothing is converted.", "Send the type named."),
    "unknown-field": ("The field is not known.", "Correct its name, or leave it out."),
    "read-only": ("The portal sets this field.", "Leave it out."),
    "unknown-key": ("The guideline asks no such question.", "Take the keys from `GET scenarios/{slug}/`."),
    "duplicate-key": ("A key stands in the same object twice.", "Send it once."),
    "repeated": ("A member of a list, or a query parameter, is there twice.", "Send it once."),
    "not-in-list": ("The value is not one of those that there are.", "Use one of those named."),
    "out-of-range": ("The number is outside the limits.", "Check value and unit."),
    "in-the-future": ("The day or moment has not come yet.", "Check the date."),
    "in-the-past": ("The day is over.", "Check the date."),
    "before-birth": ("The patient was not born on that day.", "Check the date."),
    "not-a-day": ("The calendar has no such day.", "Check day and month."),
    "not-a-moment": ("There is no such moment.", "Send RFC 3339 with a time zone."),
    "too-long": ("The text is too long.", "Shorten it; the limit is named."),
    "surrounding-space": (
        "There are spaces before or after the text; nothing is trimmed.",
        "Leave them out.",
    ),
    "control-character": ("A text of one line holds a line break or control character.", "Leave it out."),
    "disagrees": (
        "An answer disagrees with what follows from the patient.",
        "Leave the answer out, or check it.",
    ),
    "differs-from-record": (
        "The number is known with other demographics; nothing was changed.",
        "Check that it is the same patient.",
    ),
    "unknown-scenario": ("There is no such published scenario.", "Take the slug from `GET scenarios/`."),
    "unknown-study": ("The scenario has no such study.", "Take the code from the suggestion."),
    "unknown-order": ("There is no such order.", "Check the id."),
    "unknown-consultation": ("There is no such consultation.", "Check the id."),
    "another-patient": ("It belongs to another patient.", "Check patient and id."),
    "not-replaceable": ("The order to be replaced does not stand any more.", "Place a new order without it."),
    "replaced-already": ("Another order replaced it before.", "Look at that one."),
    "taken": ("Somebody else has it already.", "Use another one."),
    "too-many": ("There are as many as there may be.", "Remove one first."),
    "two-studies": ("Both `study` and `study_text` are given.", "Send one of them."),
    "two-bases": ("Both a consultation and scenario with answers are given.", "Send one of them."),
    "no-basis": ("Neither a consultation nor scenario with answers is given.", "Send one of them."),
    "not-a-url": ("The text is no URL that can be called.", "Correct it."),
    "not-https": ("The URL does not begin with https://.", "Use an address with TLS."),
    "private-address": (
        "The host is not on the public internet, or its name leads somewhere that is not.",
        "Use an address that everybody could reach.",
    ),
    "user-in-url": ("The URL holds a user name or password.", "Leave it out; check the signature instead."),
    "fragment": ("The URL has a part after #, which is never sent.", "Leave it out."),
    "port": ("The port is one of other services.", "Use 443, or one from 1024 on."),
    "invalid-json": ("The body is not JSON.", "Correct it at the place named."),
    "invalid-utf8": ("The body is not UTF-8.", "Encode it so."),
    "byte-order-mark": ("The body starts with a byte order mark.", "Leave it out."),
    "too-large": ("The body is over 1 MiB.", "Send less."),
    "too-deep": ("More than 64 objects and lists inside each other.", "Send less deep."),
    "nul": ("A text holds NUL, which no database keeps.", "Leave it out."),
    "lone-surrogate": ("A text holds half of a surrogate pair.", "Send whole characters."),
    "not-a-number": ("NaN and Infinity are no JSON.", "Send a number, or null."),
    "number-out-of-range": ("A number is too large or too small to be kept exactly.", "Send a smaller one."),
    "unknown-parameter": ("The query parameter is not known here.", "Correct its name, or leave it out."),
    "not-usable": ("The query parameter cannot have this value.", "See the detail."),
}


def problems_of(status: int) -> list[KnownProblem]:
    """Return the problems that a status can mean, the most usual one first."""
    return [problem for problem in PROBLEMS if problem.status == status]


def to_markdown() -> str:
    """Return docs/api-errors.md."""
    lines = [
        "# Errors of the REST interface",
        "",
        "Every refusal is `application/problem+json` ([api.md](api.md#errors)). Programs decide by",
        "`status` and `code`, which stay; the texts are for people and may change. A code that you do not",
        "know means what its status means.",
        "This page is written from the code, and a test compares the two.",
        "",
        "## Problems",
        "",
        "| status | code | means | what to do |",
        "|---|---|---|---|",
        *(f"| {row.status} | `{row.code}` | {row.means} | {row.do} |" for row in PROBLEMS),
        "",
        "`type` is `urn:imaging-portal:problem:<code>`.",
        "",
        "## Faults inside `errors`",
        "",
        "One malformed field makes a request 400, whatever else is wrong with it; `errors` then names",
        "faults of meaning as well, as far as they can be told. Nothing is stored.",
        "",
        "| code | means | what to do |",
        "|---|---|---|",
        *(f"| `{code}` | {means} | {do} |" for code, (means, do) in FAULTS.items()),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(to_markdown(), end="")  # noqa: T201 - the page is the output
