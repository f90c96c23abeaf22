"""A server that cuts a connection in the middle of a message: do `mock` and `replay --verify` go on with the next connection, and
take its bytes for what they are?

Usage: torn.py TAPEDECK
"""
import json
import os
import socket
import subprocess
import sys
import tempfile

WAIT_S = 60
INFO = {"server_id": "TORN", "server_name": "torn", "version": "2.9.0", "proto": 1, "headers": True, "max_payload": 1048576}
CUTS = (-4, -2, 9)  # where a message is cut: in its payload, before its last line end, in its first line


class Connection:
    """Of a client to this server, until it is cut."""

    def __init__(self, listener):
        self.socket, _ = listener.accept()
        self.socket.settimeout(WAIT_S)
        self.file = self.socket.makefile("rb")
        self.send(b"INFO %s\r\n" % json.dumps(INFO).encode())

    def send(self, data):
        self.socket.sendall(data)

    def read(self):
        """The next operation, its words and its payload. PINGs are answered."""
        while True:
            line = self.file.readline()
            assert line, "the client has closed the connection"
            words = line.split()
            if words[0] == b"PING":
                self.send(b"PONG\r\n")
            elif words[0] in (b"PUB", b"HPUB"):
                return words, self.file.read(int(words[-1]) + 2)[:-2]
            elif words[0] not in (b"PONG", b"CONNECT"):
                return words, b""

    def read_until(self, operation):
        while True:
            words, payload = self.read()
            if words[0] == operation:
                return words, payload

    def deliver(self, subject, sid, reply, payload):
        self.send(b"MSG %s %s %s %d\r\n%s\r\n" % (subject, sid, reply, len(payload), payload))

    def cut(self, subject, sid, at):
        self.send((b"MSG %s %s _R.0 5\r\nhello\r\n" % (subject, sid))[:at])
        self.file.close()
        self.socket.close()


def listen():
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(WAIT_S)
    return listener


def write_log(tapedeck, folder, requests):
    """So many requests, 100 ms apart, each with its reply after 1 ms."""
    log = os.path.join(folder, "log")
    with open(log + ".jsonl", "w") as file:
        for i in range(requests):
            at = "2026-01-01T00:00:%02d.%d" % (i // 10, i % 10)
            file.write(json.dumps({"kind": "message", "time": at + "00Z", "subject": "stock.get", "reply": "_INBOX.a.%d" % i,
                                   "payload": "request %d" % i}) + "\n")
            file.write(json.dumps({"kind": "message", "time": at + "01Z", "subject": "_INBOX.a.%d" % i,
                                   "payload": "reply %d" % i}) + "\n")
    subprocess.run([tapedeck, "import", log + ".jsonl", "--record", log], check=True, stderr=subprocess.DEVNULL)
    return log


def run(listener, *args):
    url = "nats://127.0.0.1:%d" % listener.getsockname()[1]
    return subprocess.Popen([*args, "-s", url], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def end(process, status):
    """Its output, when it ends by itself with that exit status."""
    try:
        output, _ = process.communicate(timeout=WAIT_S)
    finally:
        process.kill()
    assert process.returncode == status, (process.returncode, output)
    return output


def ask(connection, subject, sid, number):
    """A request of that number gets the reply of that number."""
    connection.deliver(subject, sid, b"_R.%d" % number, b"request %d" % number)
    (_, inbox, *_), payload = connection.read_until(b"PUB")
    assert (inbox, payload) == (b"_R.%d" % number, b"reply %d" % number), (inbox, payload)


def check_mock(tapedeck, log):
    with listen() as listener:
        mock = run(listener, tapedeck, "mock", log, "--subjects", "stock.get", "-n", str(len(CUTS) + 1), "--json")
        for number, cut in enumerate((*CUTS, None)):
            connection = Connection(listener)
            (_, subject, *_, sid), _ = connection.read_until(b"SUB")
            ask(connection, subject, sid, number)
            if cut:
                connection.cut(subject, sid, cut)
        while not is_closed(connection):
            pass
        report = json.loads(end(mock, 0).splitlines()[-1])
        wanted = (len(CUTS) + 1, len(CUTS) + 1, len(CUTS))
        assert (report["exact"], report["replies"], report["disconnects"]) == wanted, report


def is_closed(connection):
    """Answers the PINGs of a client until it ends."""
    try:
        connection.read()
    except (AssertionError, ConnectionError):
        return True
    return False


def check_replay(tapedeck, log):
    """Requests that had no reply when a connection was cut get none. Those of the last connection do."""
    with listen() as listener:
        replay = run(listener, tapedeck, "replay", log, "--verify", "--timeout", "1s", "--json")
        for cut in CUTS:
            connection = Connection(listener)
            (_, _, *_, sid), _ = connection.read_until(b"SUB")
            (_, _, inbox, _), payload = connection.read_until(b"PUB")
            connection.cut(inbox, sid, cut)
        connection = Connection(listener)
        (_, _, *_, sid), _ = connection.read_until(b"SUB")
        answered = 0
        try:
            while True:
                (_, _, inbox, _), payload = connection.read_until(b"PUB")
                answered += 1
                connection.send(b"MSG %s %s %d\r\n%s\r\n" % (inbox, sid, len(payload) - 2, payload.replace(b"request", b"reply")))
        except (AssertionError, ConnectionError):
            pass
        output = end(replay, 1)
        report = json.loads(output.splitlines()[-1])
        assert answered > 0 and report["requests"]["answered"] == answered, (answered, output)
        assert report["disconnects"] == len(CUTS), output


def main():
    tapedeck = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="tapedeck-torn-") as folder:
        log = write_log(tapedeck, folder, 12)
        check_mock(tapedeck, log)
        check_replay(tapedeck, log)


main()
