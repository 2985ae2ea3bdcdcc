"""Content packs as files: one or many scenarios, as JSON or YAML, read strictly and as a stream."""
