"""What an engine leaves in the machine's firewall is found, and nothing else."""

from __future__ import annotations

from tests.support.firewall import is_dockers, undoing

BEFORE = """\
-P INPUT ACCEPT
-P FORWARD ACCEPT
-P OUTPUT ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
"""
NOW = """\
-P INPUT ACCEPT
-P FORWARD DROP
-P OUTPUT ACCEPT
-N DOCKER
-N DOCKER-USER
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A FORWARD -j DOCKER-USER
-A FORWARD -o br-0123456789ab -j DOCKER
-A DOCKER-USER -j RETURN
"""


def test_the_rules_of_docker_are_removed_and_the_policy_is_as_before() -> None:
    assert undoing(BEFORE, NOW) == [
        ["-D", "FORWARD", "-j", "DOCKER-USER"],
        ["-D", "FORWARD", "-o", "br-0123456789ab", "-j", "DOCKER"],
        ["-F", "DOCKER"],
        ["-F", "DOCKER-USER"],
        ["-X", "DOCKER"],
        ["-X", "DOCKER-USER"],
        ["-P", "FORWARD", "ACCEPT"],
    ]


def test_nothing_is_undone_where_no_engine_was() -> None:
    assert undoing(BEFORE, BEFORE) == []
    assert (is_dockers(BEFORE), is_dockers(NOW)) == (False, True)
