"""HL7 v2.5.1 for systems that take nothing newer: an order as one message of text (docs/hl7v2.md)."""
