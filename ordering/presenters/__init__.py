"""What pages show, decided here so that templates only place it."""
