"""CDS Hooks: reading FHIR, cards, tokens, origins, feedback."""
