"""The FHIR service over HTTP."""
