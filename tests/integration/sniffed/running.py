"""Servers, and a sniffer beside them, as processes."""
import contextlib
import glob
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

WAIT_S = 60
SEEN_S = 15  # for the sniffer to see the last message
SKIPPED = 77


def expect(condition, claim):
    if not condition:
        raise SystemExit(f"not so: {claim}")


def wait_for(condition, claim):
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.005)
    raise SystemExit(f"not so: {claim}")


@contextlib.contextmanager
def process(*command, **options):
    running = subprocess.Popen(command, **options)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def end(running):
    running.send_signal(signal.SIGINT)
    return running.wait(WAIT_S)


@contextlib.contextmanager
def open_folder(name):
    """A temporary folder. The sniffer gives up its rights, and must still find its log in it."""
    with tempfile.TemporaryDirectory(prefix=f"tapedeck-{name}-") as folder:
        os.chmod(folder, 0o711)
        yield folder


def read_port(folder):
    for path in glob.glob(os.path.join(folder, "*.ports")):
        with contextlib.suppress(OSError, ValueError), open(path, encoding="utf-8") as file:
            return int(json.load(file)["nats"][0].rsplit(":", 1)[1])
    return None


@contextlib.contextmanager
def server(folder, *command):
    """Start a server, nats-server, our broker or our proxy, on a port of the kernel's choice. Yields the process, and its port."""
    address = () if "--listen" in command else ("-a", "127.0.0.1", "-p", "-1")
    ports = tempfile.mkdtemp(dir=folder)
    command = (*command, *address, "--ports_file_dir", ports)
    with process(*command, stderr=subprocess.DEVNULL) as running:
        yield running, wait_for(lambda: read_port(ports), f"{command[0]} starts")


@contextlib.contextmanager
def sniffer(tapedeck, log, ports):
    """Sniff these ports into a log. Yields the process once it sees packets. Without the right to capture, the test is skipped."""
    options = [option for port in ports for option in ("-p", str(port))]
    command = (tapedeck, "sniff", "-i", "lo", *options, "--record", log)
    with process(*command, stderr=subprocess.PIPE) as running:
        wait_for(lambda: running.poll() is not None or count(tapedeck, log, "events") > 0, "it sniffs")
        if running.poll() is not None:
            print("skipped:", running.stderr.read().decode())
            sys.exit(SKIPPED)
        yield running


def has_seen_all(running):
    """End the sniffer. False when it missed packets."""
    status, summary = end(running), running.stderr.read().decode().replace("\n  ", " ")  # wrapped lines
    print(summary.strip())
    expect(status == 0, "the sniffer ends well")
    return re.search(r" 0 gaps \(0 B\), 0 partial, dropped 0 by the kernel", summary) is not None


def count(tapedeck, log, what):
    """How many "events" or "messages" a log has; 0 when it does not exist yet."""
    done = subprocess.run((tapedeck, "stat", log, "--json"), capture_output=True, check=False)
    return json.loads(done.stdout)[what] if done.returncode == 0 else 0


def await_messages(tapedeck, log, wanted):
    """Wait until the log has so many messages, at most SEEN_S: when packets were dropped, the summary says so."""
    deadline = time.monotonic() + SEEN_S
    while count(tapedeck, log, "messages") < wanted and time.monotonic() < deadline:
        time.sleep(0.005)
