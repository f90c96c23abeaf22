"""What the tests of care share: a recording broker, a publisher, and running tapedeck."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

WAIT_S = 60
SKIPPED = 77


def await_that(condition, what):
    deadline = time.monotonic() + WAIT_S
    while not (result := condition()):
        if time.monotonic() > deadline:
            sys.exit(f"not within {WAIT_S} s: {what}")
        time.sleep(0.02)
    return result


def run(*command, ok=(0,), **options):
    """Run to the end; the exit status must be one of `ok`. Returns what it printed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    if done.returncode not in ok:
        sys.exit(f"{command}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Broker:
    """`tapedeck broker` that records into `log`."""

    def __init__(self, tapedeck, log, *flags):
        self.ports = tempfile.mkdtemp()
        self.errors = open(os.path.join(self.ports, "errors"), "w+", encoding="utf-8")
        command = [tapedeck, "broker", "-a", "127.0.0.1", "-p", "-1", "-m", "-1", "--ports_file_dir", self.ports]
        self.process = subprocess.Popen([*command, "--record", log, *flags], stderr=self.errors)
        ports = await_that(self.read_ports, "the broker listens")
        self.port, self.monitor = (int(ports[kind][0].rsplit(":", 1)[1]) for kind in ("nats", "monitoring"))

    def read_ports(self):
        try:
            with open(os.path.join(self.ports, f"tapedeck_{self.process.pid}.ports"), encoding="utf-8") as file:
                return json.load(file)
        except (OSError, ValueError):
            return None

    def publish(self, messages):
        """Each message is (subject, payload); returns when the broker has read them."""
        with socket.create_connection(("127.0.0.1", self.port), WAIT_S) as connection:
            lines = [b"PUB %s %d\r\n%s\r\n" % (subject, len(payload), payload) for subject, payload in messages]
            connection.sendall(b'CONNECT {"verbose":false,"name":"publisher"}\r\n' + b"".join(lines) + b"PING\r\n")
            heard = b""
            while b"PONG" not in heard:
                heard += connection.recv(65536) or sys.exit("the broker closed the connection")

    def recording(self):
        """The member `recording` of /varz."""
        with socket.create_connection(("127.0.0.1", self.monitor), WAIT_S) as connection:
            connection.sendall(b"GET /varz HTTP/1.0\r\n\r\n")
            heard = b""
            while part := connection.recv(65536):
                heard += part
        return json.loads(heard.split(b"\r\n\r\n", 1)[1])["recording"]

    def end(self, number=signal.SIGINT):
        self.process.send_signal(number)
        self.process.wait(WAIT_S)
        self.errors.seek(0)
        return self.errors.read()


def record(tapedeck, log, messages, *flags):
    broker = Broker(tapedeck, log, *flags)
    broker.publish(messages)
    broker.end()


def equal(tapedeck, log, other):
    """diff finds no difference between the messages of the two."""
    run(tapedeck, "diff", log, other, "-q")
