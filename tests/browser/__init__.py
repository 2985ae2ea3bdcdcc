"""What people do in a real browser, against a running portal with the training data."""
