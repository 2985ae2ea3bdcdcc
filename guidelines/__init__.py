"""Guideline content: the pure engine, versioned rows, packs and the editors' desk."""
