"""Signing in: lockout, second factors, sessions that end, and typed work that survives them.

django-allauth does the pages and django-axes counts the failures; here is what the portal asks of both.
docs/sign-in.md describes it as a whole.
"""
