"""What the rehearsal runs inside the stand-in for a VM, as a person or another program would."""

from __future__ import annotations

ASK = """
import pathlib, psycopg, sys
address, name, query = sys.argv[1:]
password = pathlib.Path("/desk/powerbi_password").read_text().strip()
with psycopg.connect(hostaddr=address, host=name, dbname="market", user="powerbi_reader",
                     password=password, sslmode="verify-full", sslrootcert="/desk/ca.crt",
                     connect_timeout=5, ssl_max_protocol_version="TLSv1.2") as connection:
    print(connection.execute(query).fetchall())
"""
# A package of the engine, in two versions, from an archive of the machine's own, for a while the
# only one; the first version is installed.
TWO_VERSIONS = r"""
set -eu
mkdir -p /srv/archive
cd /srv/archive
for version in 1 2; do
    mkdir -p "$version/DEBIAN"
    {
        printf 'Package: docker-buildx-plugin\nVersion: 0.%s\nArchitecture: all\n' $version
        printf 'Maintainer: Nobody <nobody@example.com>\nDescription: for a rehearsal\n'
    } > "$version/DEBIAN/control"
    dpkg-deb --build "$version" "buildx-$version.deb"
done
dpkg --install buildx-1.deb
{
    dpkg-deb --field buildx-2.deb
    echo "Filename: ./buildx-2.deb"
    echo "Size: $(stat -c %s buildx-2.deb)"
    echo "SHA256: $(sha256sum buildx-2.deb | cut -d ' ' -f 1)"
} > Packages
mv /etc/apt/sources.list.d /etc/apt/sources.aside
mkdir /etc/apt/sources.list.d
echo 'deb [trusted=yes] file:/srv/archive ./' > /etc/apt/sources.list.d/archive.list
apt-get update
"""
CHECK_FIREWALL = "tapeline-firewall check > /dev/null 2>&1; echo $?"
# An engine with settings and a container of its own, and another person who may log in.
IN_USE = """set -e
apt-get install -qy docker-cli
mkdir -p /etc/docker
echo {} > /etc/docker/daemon.json
systemctl restart docker
tar --create /etc/hostname 2> /dev/null | docker import - web
docker create --name web web true
useradd --create-home --shell /bin/bash bob
mkdir /home/bob/.ssh
cp /etc/ssh/authorized_keys/tapeline /home/bob/.ssh/authorized_keys
"""
# A receiver of webhooks at port 8000, which keeps what it is told in a file.
HEAR = """
import http.server, pathlib
heard = pathlib.Path("/tmp/heard")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with heard.open("ab") as file:
            file.write(body + b"\\n")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()
"""
HEARD = "find /tmp -maxdepth 1 -name heard -exec cat {} +"
