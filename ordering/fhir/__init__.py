"""FHIR R4, read only: orders, their patients, the advice they were placed on, their trail, the guidelines."""
