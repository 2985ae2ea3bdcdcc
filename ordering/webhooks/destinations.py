"""Which addresses may be called: an address on our own network is not one of them.

Looked at twice. At save, by what the URL says, and by what its name resolves to then. At every connection
again, on the addresses that are then connected to: a name that resolves otherwise by now is refused.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_URL = 2000  # characters
RESOLVE_SECONDS = 3  # at save; a name that takes longer is looked at again before each connection
LOWEST_PORT = 1024  # below it only HTTPS: the rest belongs to mail, databases and remote shells
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
ENDS_IN_NUMBER = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$")  # the URL standard takes it for IPv4
LOOPBACK_NAMES = frozenset({"localhost"})
INTERNAL_SUFFIXES = ("localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp")
INTERNAL_ZONES = ("home.arpa", "in-addr.arpa", "ip6.arpa")
# addresses that stand for others, behind which anything may be
TRANSLATED = [
    ipaddress.ip_network(network)
    for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/23", "::/96", "::ffff:0:0/96")
]
NEVER = [ipaddress.ip_network("192.88.99.0/24"), ipaddress.ip_network("3fff::/20")]
UNICAST_6 = ipaddress.ip_network("2000::/3")

_resolvers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="webhook-dns")


class ForbiddenDestination(ValueError):
    """The address may not be called; the message says why, and `code` for programs."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a URL leads."""

    scheme: str
    host: str  # without brackets
    port: int
    target: str  # path and query

    @property
    def host_header(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return host if self.port == usual else f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether the URL itself names this machine, and does not merely resolve to it."""
        if self.host in LOOPBACK_NAMES:
            return True
        address = _literal(self.host)
        return address is not None and address.is_loopback


def check_destination(url: str) -> Destination:
    """Return where the URL leads, if that may be called. Raises ForbiddenDestination. For saving.

    A name that does not resolve now may do so later; it is looked at again then.
    """
    destination = read_destination(url)
    try:
        addresses = _resolvers.submit(resolve, destination).result(RESOLVE_SECONDS)
    except (OSError, TookTooLong):
        return destination
    for address in addresses:
        refuse_address(address, destination)
    return destination


def read_destination(url: str) -> Destination:
    """Return where the URL leads by what it says. Raises ForbiddenDestination."""
    if len(url) > MAX_URL:
        raise ForbiddenDestination("too-long", f"Use at most {MAX_URL} characters.")
    if not url.isascii() or any(ord(character) <= 0x20 or character in '\x7f\\"<>^`{|}' for character in url):
        raise ForbiddenDestination(
            "not-a-url", "Write the URL in ASCII, without spaces; a name in another script as punycode."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ForbiddenDestination("not-a-url", "This is no URL.") from None
    _refuse_parts(parts)
    host = (parts.hostname or "").lower()
    destination = Destination(
        scheme=parts.scheme.lower(),
        host=host,
        port=port or (443 if parts.scheme.lower() == "https" else 80),
        target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
    )
    _refuse_host(destination)
    _refuse_scheme_and_port(destination, given_port=port)
    return destination


def resolve(destination: Destination) -> list[IpAddress]:
    """Return the addresses of the host, once each. Raises OSError."""
    literal = _literal(destination.host)
    if literal is not None:
        return [literal]
    found = socket.getaddrinfo(destination.host, destination.port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found]
    return list(dict.fromkeys(addresses))


def addresses_to_call(destination: Destination) -> list[IpAddress]:
    """Return the addresses to connect to, all of which may be. Raises ForbiddenDestination, OSError."""
    addresses = resolve(destination)
    for address in addresses:
        refuse_address(address, destination)
    return addresses


def refuse_address(address: IpAddress, destination: Destination) -> None:
    """Raise ForbiddenDestination for an address that is not on the public internet."""
    if address.is_loopback and settings.PORTAL_WEBHOOK_LOOPBACK and destination.is_loopback:
        return
    if not _is_public(address):
        raise ForbiddenDestination(
            "private-address",
            "The host is not on the public internet: private and special addresses are refused.",
        )


def _is_public(address: IpAddress) -> bool:
    if address.is_multicast or not address.is_global:
        return False
    if any(address in network for network in NEVER if network.version == address.version):
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    return address in UNICAST_6 and not any(address in network for network in TRANSLATED)


def _literal(host: str) -> IpAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _refuse_parts(parts: SplitResult) -> None:
    if parts.scheme.lower() not in {"http", "https"}:
        raise ForbiddenDestination("not-https", "Use a URL that begins with https://.")
    if "@" in parts.netloc:
        raise ForbiddenDestination(
            "user-in-url", "Leave user name and password out of the URL; messages are signed instead."
        )
    if parts.fragment or parts.geturl().endswith("#"):
        raise ForbiddenDestination("fragment", "Leave out the part after #: it is never sent.")
    if not parts.hostname:
        raise ForbiddenDestination("not-a-url", "The URL names no host.")


def _refuse_host(destination: Destination) -> None:
    host = destination.host
    literal = _literal(host)
    if "%" in host:
        raise ForbiddenDestination("private-address", "An address with a zone is not on the public internet.")
    if literal is not None:
        refuse_address(literal, destination)
        return
    if ENDS_IN_NUMBER.search(host):
        raise ForbiddenDestination("not-a-url", "Write an IP address as four decimal numbers.")
    name = host.removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise ForbiddenDestination("not-a-url", "This is no name of a host.")
    if host in LOOPBACK_NAMES and settings.PORTAL_WEBHOOK_LOOPBACK:
        return
    internal = len(labels) == 1 or labels[-1] in INTERNAL_SUFFIXES
    if internal or any(name == zone or name.endswith(f".{zone}") for zone in INTERNAL_ZONES):
        raise ForbiddenDestination("private-address", "This name is of an internal network.")


def _refuse_scheme_and_port(destination: Destination, *, given_port: int | None) -> None:
    if given_port == 0:
        raise ForbiddenDestination("port", "There is no port 0.")
    if destination.is_loopback:  # only with the switch, or it were refused already
        return
    if destination.scheme != "https":
        raise ForbiddenDestination("not-https", "Use https://: messages must not be readable on their way.")
    if destination.port != 443 and destination.port < LOWEST_PORT:
        raise ForbiddenDestination("port", f"Use port 443, or one from {LOWEST_PORT} on.")
