"""The clinician's pages: each view is named after its address."""
