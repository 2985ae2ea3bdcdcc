"""Points Django's database aliases at a server that was started after the settings were read."""

from django.conf import settings
from django.db import connections
from psycopg.conninfo import conninfo_to_dict

from portal.embedded import Addresses

_PARTS = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password", "NAME": "dbname"}


def use_addresses(addresses: Addresses) -> None:
    """Let `default` sign in as portal_app and `owner` as portal_owner of this server."""
    point("default", addresses.app_url)
    point("owner", addresses.owner_url)


def point(alias: str, url: str) -> None:
    """Let the alias sign in with this URL from its next connection on; makes the alias if need be."""
    if alias not in settings.DATABASES:
        options = {
            **settings.DATABASES["default"]["OPTIONS"],
            "application_name": f"portal {alias}",
            "options": "",
        }
        settings.DATABASES[alias] = {**settings.DATABASES["default"], "OPTIONS": options, "TEST": {}}
        connections.configure_settings(settings.DATABASES)
    values = conninfo_to_dict(url)
    wanted = {ours: str(values.get(theirs) or "") for ours, theirs in _PARTS.items()}
    settings.DATABASES[alias].update(wanted)
    connections[alias].close()
    connections[alias].settings_dict.update(wanted)


def use_database(alias: str, name: str) -> None:
    """Let the alias use another database of its server."""
    connections[alias].close()
    settings.DATABASES[alias]["NAME"] = name
    connections[alias].settings_dict["NAME"] = name
