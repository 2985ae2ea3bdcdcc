"""Patients, consultations, orders and findings; the clinician's pages and the doors for other systems."""
