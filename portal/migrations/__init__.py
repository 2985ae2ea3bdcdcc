"""Schema of people, tokens and the audit trail."""
