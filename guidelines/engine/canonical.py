"""One spelling for every document, so that equal content has equal bytes and an equal digest."""

import hashlib
import json


def canonical_json(value: object) -> str:
    """Return the JSON text of a value: keys sorted, no spaces, no escapes. Raises ValueError for NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(document: object) -> str:
    """Return `sha256:<hex>` of a document's canonical JSON in UTF-8."""
    return "sha256:" + hashlib.sha256(canonical_json(document).encode()).hexdigest()
