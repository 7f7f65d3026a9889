"""The public certificate: a real certbot and a real authority, from the first one to a renewal."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509

from tests.fixtures.acme import SIX_DAYS_SECONDS, USUAL_SECONDS, Host, authority

ADDRESS = "127.0.0.1"
OLD, NEW = "db.example.org", "market.example.org"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with authority(tmp_path) as found:
        yield found


def subject(certificate: x509.Certificate) -> tuple[list[str], timedelta]:
    """Return the names that a certificate is for, and how long it lasts from begin to end."""
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    names = [str(name.value) for name in found]
    return names, certificate.not_valid_after_utc - certificate.not_valid_before_utc


def bring(host: Host, domain: str = "", address: str = ADDRESS) -> str:
    done = host.ask(tapeline_domain=domain, ansible_host=address)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def lasting(seconds: int) -> timedelta:
    """As the authority counts: the last second belongs to it."""
    return timedelta(seconds=seconds - 1)


def test_it_is_brought_once_and_asked_again_nothing_is_due(host: Host) -> None:
    assert "a new certificate was handed out" in bring(host, OLD)
    assert subject(host.served) == ([OLD], lasting(USUAL_SECONDS))
    first = host.served.serial_number
    assert "handed out" not in bring(host, OLD)
    assert (host.served.serial_number, host.handed_out()) == (first, 1)


def test_another_name_gets_a_certificate(host: Host) -> None:
    bring(host, OLD)
    assert "handed out" in bring(host, NEW)
    assert subject(host.served) == ([NEW], lasting(USUAL_SECONDS))
    assert "handed out" not in bring(host, NEW)


def test_from_the_bare_address_to_a_name_and_back(host: Host) -> None:
    bring(host)
    assert subject(host.served) == ([ADDRESS], lasting(SIX_DAYS_SECONDS))
    bring(host, NEW)
    assert subject(host.served) == ([NEW], lasting(USUAL_SECONDS))
    host.make_due()
    assert "handed out" in bring(host, NEW)
    assert subject(host.served) == ([NEW], lasting(USUAL_SECONDS))
    bring(host)
    assert subject(host.served) == ([ADDRESS], lasting(SIX_DAYS_SECONDS))


@pytest.mark.parametrize("domain", ["", OLD])
def test_what_is_due_is_renewed(host: Host, domain: str) -> None:
    bring(host, domain)
    first = host.served
    host.make_due()
    assert "handed out" in bring(host, domain)
    assert subject(host.served) == subject(first)
    assert (host.served.serial_number != first.serial_number, host.handed_out()) == (True, 2)


def test_while_the_front_has_the_port_it_answers_for_certbot(host: Host) -> None:
    host.shows_front(running=True)
    with front(host):
        bring(host, NEW)
        assert subject(host.served)[0] == [NEW]
        bring(host)
        assert [ip_address(name) for name in subject(host.served)[0]] == [ip_address(ADDRESS)]
        host.make_due()
        assert "handed out" in bring(host)


def test_what_could_not_be_handed_out_is_handed_out_by_the_next_run(host: Host) -> None:
    compose = host.folder / "tapeline/current/scripts/operations/hosts/host-compose"
    works = compose.read_text("utf-8")
    compose.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    assert host.ask(tapeline_domain=OLD).returncode == 1
    compose.write_text(works, encoding="utf-8")
    assert "handed out" in bring(host, OLD)
    assert host.handed_out() == 1


@contextmanager
def front(host: Host) -> Iterator[None]:
    """Hold the port, and show what lies in certbot's folder."""
    shown = functools.partial(
        http.server.SimpleHTTPRequestHandler, directory=str(host.folder / "tapeline" / "acme")
    )
    with http.server.ThreadingHTTPServer((ADDRESS, host.challenge_port), shown) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()
