"""The firewall of a host in networks of its own: who reaches what, whatever is published."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
import pytest

from scripts.launcher.paths import ROOT
from tests.fixtures.live import wait_for

TEMPLATE = ROOT / "ansible" / "roles" / "firewall" / "templates" / "firewall.nft.j2"
HOST, LISTED, ADMIN, CONTAINER = "10.77.0.2", "10.77.0.9", "10.77.0.10", "172.30.0.2"
HOST_6, LISTED_6 = "fd77::2", "fd77::9"
# The outside, the host with a bridge as Docker makes it, and a container whose ports it publishes.
NETWORKS = f"""
set -e
for one in o h c; do ip netns add $1$one; ip -n $1$one link set lo up; done
ip link add eth0 netns $1o type veth peer name eth0 netns $1h
ip -n $1h link add br-test type bridge
ip link add eth0 netns $1c type veth peer name vethc netns $1h
ip -n $1h link set vethc master br-test
for place in h:eth0 h:br-test h:vethc o:eth0 c:eth0; do
    ip -n $1${{place%:*}} link set ${{place#*:}} up
done
for address in {LISTED}/24 {ADMIN}/24 {LISTED_6}/64; do
    ip -n $1o address add $address dev eth0 $(case $address in *::*) echo nodad;; esac)
done
ip -n $1h address add {HOST}/24 dev eth0
ip -n $1h address add {HOST_6}/64 dev eth0 nodad
ip -n $1h address add 172.30.0.1/16 dev br-test
ip -n $1c address add {CONTAINER}/16 dev eth0
ip -n $1c route add default via 172.30.0.1
ip -n $1o route add 172.30.0.0/16 via {HOST}
ip netns exec $1h sysctl -qw net.ipv4.ip_forward=1
ip netns exec $1h nft -f - <<'END'
table ip docker {{
    chain prerouting {{
        type nat hook prerouting priority dstnat;
        ip daddr {HOST} tcp dport 80 dnat to {CONTAINER}:80
        ip daddr {HOST} tcp dport 443 dnat to {CONTAINER}:8080
        ip daddr {HOST} tcp dport 5432 dnat to {CONTAINER}:5432
        ip daddr {HOST} tcp dport 8080 dnat to {CONTAINER}:8080
        ip daddr {HOST} tcp dport 15432 dnat to {CONTAINER}:5432
    }}
}}
END
"""
# An account without rights but the one to run the tests' own Python, wherever that is.
NOBODY = (
    *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
    *("--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"),
)
METADATA_4 = ("169.254.169.254", "169.254.170.2", "168.63.129.16")
METADATA_6, CONTAINER_6 = "fd00:ec2::254", "fd00:30::2"
# The addresses at which clouds answer their hosts, all on one machine here.
METADATA = f"""
set -e
for address in {" ".join(f"{one}/32" for one in METADATA_4)}; do
    ip -n $1o address add $address dev eth0
    ip -n $1h route add $address via {LISTED}
done
ip -n $1o address add {METADATA_6}/128 dev eth0 nodad
ip -n $1h address add fd00:30::1/64 dev br-test nodad
ip -n $1c address add {CONTAINER_6}/64 dev eth0 nodad
ip -n $1c route add default via fd00:30::1
ip -n $1h route add {METADATA_6}/128 via {LISTED_6}
ip -n $1o route add fd00:30::/64 via {HOST_6}
ip netns exec $1h sysctl -qw net.ipv6.conf.all.forwarding=1
"""
LISTEN = """
import select, socket, sys
held = []
for port in map(int, sys.argv[1:]):
    held.append(socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True))
print("ready", flush=True)
select.select([], [], [])
"""
PROBE = """
import concurrent.futures, socket, sys
source, target, *ports = sys.argv[1:]

def answers(port):
    try:
        socket.create_connection((target, int(port)), 1, source_address=(source, 0)).close()
    except OSError:
        return False
    return True

with concurrent.futures.ThreadPoolExecutor(len(ports)) as pool:
    print(*[port for port, there in zip(ports, pool.map(answers, ports)) if there])
"""


@dataclass
class Place:
    """Three network namespaces with a common beginning of their names."""

    name: str
    directory: Path

    def run(self, where: str, *command: str) -> str:
        """Run a command in one of the networks."""
        words = ["ip", "netns", "exec", f"{self.name}{where}", *command]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def write(self, *dashboard_cidrs: str, acme: bool = False) -> None:
        """Write the firewall as the role does."""
        template = jinja2.Template(
            TEMPLATE.read_text("utf-8"), trim_blocks=True, keep_trailing_newline=True
        )
        text = template.render(
            ansible_managed="a test", firewall_directory=str(self.directory), firewall_ssh_port=22,
            firewall_admin_cidrs=[f"{ADMIN}/32"], firewall_acme=acme,
            tapeline_dashboard_cidrs=dashboard_cidrs,
        )  # fmt: skip
        (self.directory / "firewall.nft").write_text(text, encoding="utf-8")

    def apply(self, *cidrs: str) -> None:
        """Load the firewall with these networks on the list, as tapeline-access does."""
        added = f"add element inet tapeline powerbi {{ {', '.join(cidrs)} }}\n" if cidrs else ""
        (self.directory / "powerbi.nft").write_text(added, encoding="utf-8")
        self.run("h", "nft", "-f", str(self.directory / "firewall.nft"))

    def reached(
        self,
        source: str,
        target: str,
        where: str = "o",
        account: Sequence[str] = (),
        ports: Sequence[str] = ("22", "80", "443", "5432", "8080", "9999", "15432"),
    ) -> list[int]:
        """Return the ports that answer, of all that somebody listens on."""
        said = self.run(where, *account, sys.executable, "-c", PROBE, source, target, *ports)
        return [int(port) for port in said.split()]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Make the networks, with listeners in each; load the firewall as the role writes it."""
    if os.geteuid() != 0 or not Path("/usr/sbin/nft").exists():
        pytest.skip("needs root and nft: apt-get install nftables iproute2")
    found = Place(f"t{secrets.token_hex(3)}", tmp_path_factory.mktemp("firewall"))
    found.write()
    listeners = []
    try:
        subprocess.run(["sh", "-c", NETWORKS, "sh", found.name], check=True, capture_output=True)
        for where in "hco":
            ports = ("22", "80", "5432", "8080", "9999")
            command = ["ip", "netns", "exec", f"{found.name}{where}", sys.executable, "-c", LISTEN]
            listeners.append(subprocess.Popen([*command, *ports], stdout=subprocess.PIPE))
        for listener in listeners:
            assert listener.stdout is not None
            assert listener.stdout.readline() == b"ready\n"
        yield found
    finally:
        for listener in listeners:
            listener.kill()
            listener.communicate()
        for where in "ohc":
            subprocess.run(["ip", "netns", "delete", f"{found.name}{where}"], check=False)


def test_without_a_firewall_all_that_is_published_answers(place: Place) -> None:
    every = [22, 80, 443, 5432, 8080, 9999, 15432]
    wait_for(lambda: place.reached(LISTED, HOST) == every, "all", 10)
    assert place.reached(LISTED_6, HOST_6) == [22, 80, 5432, 8080, 9999]
    assert place.reached(LISTED, CONTAINER) == [22, 80, 5432, 8080, 9999]


def test_with_nobody_on_the_list_ssh_answers_the_administrator_alone(place: Place) -> None:
    place.apply()
    assert place.reached(ADMIN, HOST) == [22]
    assert place.reached(LISTED, HOST) == []


def test_who_is_on_the_list_reaches_postgresql_alone_and_by_its_own_port(place: Place) -> None:
    place.apply(f"{LISTED}/32", "192.0.2.0/24")
    assert place.reached(LISTED, HOST) == [5432]
    assert place.reached(ADMIN, HOST) == [22]
    assert place.reached(LISTED_6, HOST_6) == []
    assert place.reached(LISTED, CONTAINER) == []


def test_who_is_off_the_list_again_reaches_nothing(place: Place) -> None:
    place.apply(f"{LISTED}/32")
    place.apply()
    assert place.reached(LISTED, HOST) == []


def test_who_may_see_the_dashboard_reaches_it_alone(place: Place) -> None:
    place.write(f"{LISTED}/32")
    place.apply()
    assert place.reached(LISTED, HOST) == [443]
    assert place.reached(ADMIN, HOST) == [22]
    assert place.reached(LISTED_6, HOST_6) == []
    assert place.reached(LISTED, CONTAINER) == []


def test_the_authority_is_answered_by_who_has_its_port(place: Place) -> None:
    place.write(f"{LISTED}/32", acme=True)
    place.apply()
    assert place.reached(ADMIN, HOST) == [22, 80]
    assert place.reached(LISTED, HOST) == [80, 443]
    place.write()
    place.apply()
    assert place.reached(LISTED, HOST) == []


def test_containers_reach_the_outside_and_not_their_host(place: Place) -> None:
    place.apply()
    assert place.reached(CONTAINER, LISTED, "c") == [22, 80, 5432, 8080, 9999]
    assert place.reached(CONTAINER, "172.30.0.1", "c") == []


def test_containers_do_not_reach_what_a_cloud_tells_its_host(place: Place) -> None:
    """By IPv4 and IPv6, on every cloud; only a name server may be at that address."""
    subprocess.run(["sh", "-c", METADATA, "sh", place.name], check=True, capture_output=True)
    place.apply()
    command = ["ip", "netns", "exec", f"{place.name}o", sys.executable, "-c", LISTEN, "53"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as listener:
        assert listener.stdout is not None
        assert listener.stdout.readline() == b"ready\n"
        try:
            for address in (*METADATA_4, METADATA_6):
                source = CONTAINER_6 if ":" in address else CONTAINER
                assert place.reached(source, address, "c", ports=("53", "80", "8080")) == [53]
        finally:
            listener.kill()
    assert place.reached(CONTAINER, LISTED, "c") == [22, 80, 5432, 8080, 9999]


def test_of_the_hosts_accounts_root_alone_reaches_the_containers_themselves(place: Place) -> None:
    place.apply()
    every = [22, 80, 5432, 8080, 9999]
    assert place.reached("172.30.0.1", CONTAINER, "h", NOBODY) == []
    assert place.reached("172.30.0.1", CONTAINER, "h") == every
    assert place.reached("127.0.0.1", "127.0.0.1", "h", NOBODY) == every
