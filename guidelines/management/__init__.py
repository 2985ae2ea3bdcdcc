"""Commands of guideline content."""
