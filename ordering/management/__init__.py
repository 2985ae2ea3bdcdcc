"""Commands of ordering."""
