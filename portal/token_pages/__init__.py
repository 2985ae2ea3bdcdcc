"""The pages on which administrators make, rotate and revoke the API tokens of their organisation."""
