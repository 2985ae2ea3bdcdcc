"""What pages show of guideline content, decided here so that templates only place it."""
