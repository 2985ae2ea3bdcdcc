"""The project and what every page shares: settings, people and roles, audit trail, health, embedded database."""
