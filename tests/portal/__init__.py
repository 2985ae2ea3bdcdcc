"""Tests of settings, people, audit trail, database and server."""
