"""Commands of ordering: training data and replay."""
