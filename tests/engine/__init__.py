"""Tests of the pure engine: no Django, no database."""
