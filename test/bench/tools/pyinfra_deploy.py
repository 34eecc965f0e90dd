"""The same work for pyinfra: facts are only read for what an operation needs, the binary is sent once."""

from pyinfra import host
from pyinfra.operations import files, server, systemd

data = host.data

server.user(name="user", user="edge", system=True, create_home=False, shell="/usr/sbin/nologin")
files.directory(name="log directory", path="/var/log/edge", group="edge", mode="750")
files.put(name="binary", src=data.binary, dest=f"/opt/edge/binaries/{data.binary_id}", mode="755")
files.sync(name="release", src=f"{data.files}/release", dest=f"/opt/edge/releases/{data.release}")
files.link(
    name="binary of the release",
    path=f"/opt/edge/releases/{data.release}/caddy",
    target=f"../../binaries/{data.binary_id}",
)
unit = files.put(name="unit", src=f"{data.files}/unit", dest="/etc/systemd/system/edge@1.service")
files.put(name="logrotate", src=f"{data.files}/logrotate", dest="/etc/logrotate.d/edge")
files.link(name="current", path="/opt/edge/current", target=f"releases/{data.release}")
systemd.service(
    name="restart", service="edge@1.service", running=True, restarted=True, enabled=True, daemon_reload=True
)
server.shell(
    name="healthy",
    commands=[
        "for try in $(seq 500); do"
        " curl -fs -o /dev/null http://127.0.0.1:6188/readyz && exit 0; sleep 0.02;"
        " done; exit 1"
    ],
)
