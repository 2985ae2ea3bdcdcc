"""The project, and what every page shares: settings, people, audit trail, health, embedded database."""
