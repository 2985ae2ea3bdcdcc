"""Commands of guideline content: loading packs."""
