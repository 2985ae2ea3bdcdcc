"""Which addresses a webhook may have. Names resolve to what the test says; no network is asked."""

import ipaddress
import socket
from typing import Any

import pytest

from ordering.webhooks import destinations
from ordering.webhooks.destinations import ForbiddenDestination, check_destination, read_destination

PUBLIC = "93.184.215.14"
HOSTS = {
    "hooks.example.com": [PUBLIC],
    "both.example.com": [PUBLIC, "10.0.0.5"],
    "inside.example.com": ["192.168.7.7"],
    "loop.example.com": ["127.0.0.1"],
    "metadata.example.com": ["169.254.169.254"],
    "six.example.com": ["2606:4700::1111"],
    "mapped.example.com": ["::ffff:10.1.2.3"],
    "nat64.example.com": ["64:ff9b::a01:203"],
}


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Let names resolve to HOSTS, and no other at all."""
    known = dict(HOSTS)

    def getaddrinfo(host: str, port: int, **kwargs: Any) -> list[Any]:
        if host not in known:
            raise socket.gaierror("not known")
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, 1, 6, "", (address, port))
            for address in known[host]
        ]

    monkeypatch.setattr(destinations.socket, "getaddrinfo", getaddrinfo)
    return known


@pytest.fixture(params=[False, True], ids=["production", "development"])
def switch(request: pytest.FixtureRequest, settings: Any) -> bool:
    settings.PORTAL_WEBHOOK_LOOPBACK = request.param
    return bool(request.param)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/orders",
        "https://hooks.example.com:8443/orders?system=ris",
        "https://HOOKS.example.com",
        "https://six.example.com/",
        f"https://{PUBLIC}/",
        "https://[2606:4700::1111]/",
        "https://not-yet-there.example.com/",
    ],
)
def test_a_public_https_address_is_taken(url: str, switch: bool) -> None:
    assert check_destination(url).scheme == "https"


REFUSED = [
    # another scheme, or none
    ("http://hooks.example.com/", "not-https"),
    ("ftp://hooks.example.com/", "not-https"),
    ("file:///etc/passwd", "not-https"),
    ("gopher://hooks.example.com/", "not-https"),
    ("javascript:alert(1)", "not-https"),
    ("hooks.example.com", "not-https"),
    ("//hooks.example.com/", "not-https"),
    ("https:///orders", "not-a-url"),
    ("https://", "not-a-url"),
    # parts that lead somewhere else than they seem to
    ("https://hooks.example.com@10.0.0.1/", "user-in-url"),
    ("https://user:secret@hooks.example.com/", "user-in-url"),
    ("https://hooks.example.com\\@10.0.0.1/", "not-a-url"),
    ("https://hooks.example.com/#there", "fragment"),
    ("https://hooks.example.com/ x", "not-a-url"),
    ("https://hooks.example.com/\r\nHost: inside", "not-a-url"),
    ("https://hooks.example.com:99999/", "not-a-url"),
    ("https://hooks.example.com:0/", "port"),
    ("https://hooks.example.com:25/", "port"),
    ("https://hooks.example.com:80/", "port"),
    ("https://höoks.example.com/", "not-a-url"),
    ("https://[::1", "not-a-url"),
    # this network, and what is special
    ("https://10.0.0.1/", "private-address"),
    ("https://172.16.0.1/", "private-address"),
    ("https://192.168.1.1/", "private-address"),
    ("https://169.254.169.254/latest/meta-data/", "private-address"),
    ("https://100.64.0.1/", "private-address"),
    ("https://0.0.0.0/", "private-address"),
    ("https://224.0.0.1/", "private-address"),
    ("https://255.255.255.255/", "private-address"),
    ("https://192.0.2.1/", "private-address"),
    ("https://198.18.0.1/", "private-address"),
    ("https://192.88.99.1/", "private-address"),
    ("https://240.0.0.1/", "private-address"),
    ("https://[fc00::1]/", "private-address"),
    ("https://[fe80::1]/", "private-address"),
    ("https://[fe80::1%25eth0]/", "private-address"),
    ("https://[ff02::1]/", "private-address"),
    ("https://[::]/", "private-address"),
    ("https://[::ffff:10.0.0.1]/", "private-address"),
    ("https://[::ffff:127.0.0.1]/", "private-address"),
    ("https://[::ffff:93.184.215.14]/", "private-address"),
    ("https://[64:ff9b::10.0.0.1]/", "private-address"),
    ("https://[2002:a00:1::]/", "private-address"),
    ("https://[2001:0:a00:1::]/", "private-address"),
    ("https://[2001:db8::1]/", "private-address"),
    # numbers that are addresses to some
    ("https://2130706433/", "not-a-url"),
    ("https://0x7f000001/", "not-a-url"),
    ("https://0177.0.0.1/", "not-a-url"),
    ("https://127.1/", "not-a-url"),
    ("https://0x7f.0.0.1/", "not-a-url"),
    ("https://10.0.0.1./", "not-a-url"),
    # names of this network
    ("https://intranet/", "private-address"),
    ("https://portal.local/", "private-address"),
    ("https://db.internal/", "private-address"),
    ("https://router.home.arpa/", "private-address"),
    ("https://any.localhost/", "private-address"),
    # names that lead there
    ("https://inside.example.com/", "private-address"),
    ("https://both.example.com/", "private-address"),
    ("https://loop.example.com/", "private-address"),
    ("https://metadata.example.com/", "private-address"),
    ("https://mapped.example.com/", "private-address"),
    ("https://nat64.example.com/", "private-address"),
]


@pytest.mark.parametrize(("url", "code"), REFUSED)
def test_any_other_address_is_refused_at_save(url: str, code: str, switch: bool) -> None:
    with pytest.raises(ForbiddenDestination) as refused:
        check_destination(url)

    assert refused.value.code == code


LOOPBACK = ["http://127.0.0.1:5000/hook", "http://localhost:5000/", "https://127.8.8.8/", "http://[::1]:80/"]


@pytest.mark.parametrize("url", LOOPBACK)
def test_this_machine_is_called_in_development_only(url: str, switch: bool) -> None:
    if switch:
        assert read_destination(url).is_loopback
    else:
        with pytest.raises(ForbiddenDestination):
            read_destination(url)


def test_a_name_is_resolved_once_for_each_connection_and_every_address_of_it_is_looked_at(
    names: dict[str, list[str]],
) -> None:
    destination = check_destination("https://hooks.example.com/")
    assert destinations.addresses_to_call(destination) == [ipaddress.ip_address(PUBLIC)]

    names["hooks.example.com"] = [PUBLIC, "127.0.0.1"]

    with pytest.raises(ForbiddenDestination):
        destinations.addresses_to_call(destination)
