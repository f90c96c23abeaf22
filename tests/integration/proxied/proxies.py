"""Proxies, ours and HAProxy, as processes in front of servers; and a client of the protocol."""
import contextlib
import os
import shutil
import socket
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sniffed"))

import running
from running import SKIPPED, WAIT_S, wait_for

HAPROXY_CONFIG = """
global
  log stdout format raw local0
defaults
  mode tcp
  log global
  log-format "from %ci:%cp"
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend clients
  bind fd@{fd} {accept}
  default_backend servers
backend servers
  server one 127.0.0.1:{port} {send}
"""


def require(*programs):
    """Skip the test when one of these programs is not here."""
    for program in programs:
        if not shutil.which(program):
            print(f"skipped: there is no {program} here")
            sys.exit(SKIPPED)


@contextlib.contextmanager
def haproxy(folder, port, accept="", send=""):
    """HAProxy in front of a port, with further words for its bind and its server line. Yields its port, and the path of its log."""
    config, log = os.path.join(folder, f"haproxy-{port}.cfg"), os.path.join(folder, f"haproxy-{port}.log")
    with socket.create_server(("127.0.0.1", 0)) as listening, open(log, "wb") as output:
        with open(config, "w", encoding="utf-8") as file:
            file.write(HAPROXY_CONFIG.format(fd=listening.fileno(), accept=accept, port=port, send=send))
        command = ("haproxy", "-db", "-f", config)
        with running.process(*command, stdout=output, stderr=output, pass_fds=[listening.fileno()]):
            yield listening.getsockname()[1], log


@contextlib.contextmanager
def proxy(folder, tapedeck, port, *options):
    """`tapedeck proxy` in front of a port; None: the options name the servers. Yields the process, its port, and the path of its log lines."""
    ports, log = tempfile.mkdtemp(dir=folder), tempfile.mktemp(dir=folder, suffix=".log")
    upstream = ("--upstream", f"127.0.0.1:{port}") if port else ()
    command = (tapedeck, "proxy", "--listen", "127.0.0.1:0", "-D", "--log", log, "--ports_file_dir", ports, *upstream, *options)
    with running.process(*command) as process:
        wait_for(lambda: process.poll() is not None or running.read_port(ports), "the proxy starts")
        yield process, running.read_port(ports), log


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def await_line(path, text):
    wait_for(lambda: text in read(path), f"{text!r} stands in {path}")


class Client:
    """Speaks the protocol. source: the address that it connects from."""

    def __init__(self, port, source="127.0.0.1"):
        self.socket = socket.create_connection(("127.0.0.1", port), WAIT_S, (source, 0))
        self.stream = self.socket.makefile("rb")
        self.address = "%s:%d" % self.socket.getsockname()
        self.info = self.stream.readline()
        self.send(b'CONNECT {"verbose":false}\r\n')
        self.flush()

    def send(self, data):
        self.socket.sendall(data)

    def flush(self):
        """Wait until the server has executed every operation."""
        self.send(b"PING\r\n")
        while (line := self.stream.readline()) != b"PONG\r\n":
            if line != b"PING\r\n":
                raise SystemExit(f"not so: {line!r} is a PONG")
            self.send(b"PONG\r\n")

    def close(self):
        self.stream.close()
        self.socket.close()
