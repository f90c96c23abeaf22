"""Logs as packets, and packets in Wireshark: `export --format pcapng` and share/wireshark/nats.lua, with tshark.

  packets.py TAPEDECK WRITE_SAMPLES NATS_LUA"""

import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

TAPEDECK, WRITE_SAMPLES, NATS_LUA = (os.path.abspath(path) for path in sys.argv[1:])
FOLDER = tempfile.mkdtemp()
LOGS = ["log", "busy", "hostile", "masked", "partly", "restarted"]
CAPTURES = ["ipv6", "fragments", "disorder", "doubled", "gro", "port_reuse", "wrap_around"]
SEPARATOR = "\x1f"


def run(*command, status=0):
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, timeout=100)
    assert done.returncode == status, (command, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout.decode("utf-8", "replace")


def tshark(capture, *arguments):
    said = run("tshark", "-n", "-X", f"lua_script:{NATS_LUA}", "-o", "tcp.reassemble_out_of_order:TRUE", "-r",
               capture, *arguments)
    assert "Lua Error" not in said and "Dissector bug" not in said, said
    return said


def fields(capture, names, *arguments):
    """The values of fields, by packet: a list of lists of lists."""
    said = tshark(capture, "-T", "fields", "-E", f"aggregator={SEPARATOR}",
                  *(word for name in names for word in ("-e", name)), *arguments)
    return [[values.split(SEPARATOR) if values else [] for values in line.split("\t")] for line in said.splitlines()]


def published(source):
    """Subject and size of the messages that tapedeck reads."""
    lines = [json.loads(line) for line in run(TAPEDECK, "cat", "-q", "--json", "--kind", "message", source).splitlines()]
    return sorted((line["subject"], int(line["size"])) for line in lines)


def dissected(capture):
    """The same of the publishes that the dissector finds."""
    found = []
    for operations, subjects, sizes in fields(capture, ["nats.op", "nats.subject", "nats.size"], "-Y", "nats.subject"):
        subjects, sizes = iter(subjects), iter(sizes)
        for operation in operations:
            subject = next(subjects) if operation in ("PUB", "HPUB", "MSG", "HMSG", "SUB") else None
            size = int(next(sizes)) if operation in ("PUB", "HPUB", "MSG", "HMSG") else None
            if operation in ("PUB", "HPUB"):
                found.append((subject, size))
    return sorted(found)


def log_comes_back_equal(log):
    packets = f"{log.replace('/', '_')}.pcapng"
    run(TAPEDECK, "export", "-q", log, "-o", packets)
    run(TAPEDECK, "diff", "-q", log, packets)


def dissector_lists_what_sniff_lists(capture):
    path = f"captures/{capture}.pcap"
    assert dissected(path) == published(path), (capture, dissected(path), published(path))


def packets_have_no_faults():
    """Right checksums, no lost or overlapping segments, nothing malformed; and each publish has the number of its event."""
    found = fields("busy.pcapng", ["nats.op", "frame.comment", "tcp.checksum.status", "_ws.expert.severity", "tcp.analysis.flags"],
                   "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
    warning = 0x600000
    for operations, comments, checksums, severities, analysis in found:
        assert checksums == ["1"] and analysis == [], (operations, checksums, analysis)
        assert "-ERR" in operations or all(int(severity) < warning for severity in severities), (operations, severities)
    numbers = {comment[0].split(";")[0].split("\\n")[-1] for operations, comment, *_ in found if "PUB" in operations}
    lines = [json.loads(line) for line in run(TAPEDECK, "cat", "-q", "--json", "--kind", "message", "busy").splitlines()]
    assert numbers == {f"seq {line['seq']}" for line in lines if "headers" not in line}
    assert dissected("busy.pcapng") == published("busy")


def requests_and_responses_are_linked():
    found = fields("log.pcapng", ["frame.number", "nats.op", "nats.subject", "nats.response_in", "nats.request_in",
                                  "nats.response_time"], "-2", "-Y", "nats.response_in or nats.request_in")
    (ask, _, _, answered, *_), (get, _, _, answer, *_), reply, last = found
    assert [row[1][0] for row in found] == ["HPUB", "HMSG", "PUB", "MSG"]
    assert answer == reply[0] and reply[4] == get, found
    assert answered == last[0] and last[4] == ask, found
    assert float(last[5][0]) == 0.001, last


def secrets_are_not_shown():
    shown = tshark("captures/plain.pcap", "-V")
    assert "pass: [not shown]" in shown and "User: me" in shown
    assert "secret" not in shown


class Capture:
    """A capture of TCP segments that is made up; side 0 is the client."""

    def __init__(self, name):
        self.file = open(os.path.join(FOLDER, name), "wb")
        self.file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 101))
        self.sent = {}

    def put(self, connection, side, data, port=4222, seen=None, is_lost=False):
        sequence = self.sent.setdefault(connection, [1000, 5000])
        ports = (20000 + connection, port)
        tcp = struct.pack(">HHIIBBHHH", *(ports if side == 0 else ports[::-1]), sequence[side], sequence[1 - side], 0x50, 0x18,
                          65535, 0, 0) + data
        packet = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, b"\x0a\0\0\1", b"\x0a\0\0\2") + tcp
        seen = len(packet) if seen is None else min(40 + seen, len(packet))
        if not is_lost:
            self.file.write(struct.pack("<IIII", connection, sequence[0], seen, len(packet)) + packet[:seen])
        sequence[side] += len(data)

    def put_all(self, connection, side, data):
        for at in range(0, len(data), 60000):
            self.put(connection, side, data[at:at + 60000])


def garbage_is_no_error():
    """Pieces of operations in any order, in segments of any length, some of them lost or cut."""
    pieces = [b"PUB ", b"HPUB ", b"MSG ", b"HMSG ", b"SUB ", b"UNSUB ", b"INFO {", b'CONNECT {"pass":"word', b"-ERR ", b"+OK",
              b"PING", b"PONG", b"RMSG ", b"LMSG ", b"RS+ ", b"LS- ", b"A+ ", b"\r\n", b"\n", b"\r", b" ", b"a.b", b"r", b"1",
              b"16", b"999999999", b"NATS/1.0", b" 503\r\n", b"K: v\r\n", b"\0", b"\xff", b'"', b"{", b"}", b"\\", b"\x16\3\1",
              b'"max_payload":1.5', b"PUB a r 3\r\nabc\r\n", b"MSG r 1 3\r\nabc\r\n", b"HMSG r 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n"]
    chance = random.Random(16)
    capture = Capture("garbage.pcap")
    for connection in range(150):
        for _ in range(10):
            data = b"".join(chance.choices(pieces, k=chance.randrange(1, 30)))
            capture.put(connection, chance.randrange(2), data, 4222 if connection % 3 else 5555,
                        None if chance.random() < 0.9 else chance.randrange(len(data) + 1), chance.random() > 0.95)
    capture.file.close()
    assert tshark("garbage.pcap", "-V", "-2", "-o", "nats.json:TRUE").count("Operation: ") > 100


def hostile_bytes_take_no_time():
    """A TLS handshake that is malformed; runs of blanks in headers; limits that change all the time."""
    blanks = b"NATS/1.0\r\nA: a" + b" " * 60000 + b"b\r\n\r\n"
    capture = Capture("hostile.pcap")
    capture.put(1, 1, b'INFO {"tls_required":true}\r\n')
    capture.put(1, 0, b"\x16\3\1\0\x20\1\0\0\x1c\3\3" + b"\xff" * 26)
    for _ in range(4):
        capture.put_all(2, 0, b"HPUB a %d %d\r\n%b\r\n" % (len(blanks), len(blanks), blanks))
    capture.put_all(2, 1, b'INFO {"max_payload":1000}\r\nINFO {"max_payload":1001}\r\n' * 5000)
    capture.put_all(2, 0, b"PUB a 0\r\n\r\n" * 10000)
    capture.file.close()
    before = time.monotonic()
    operations = [operation for row in fields("hostile.pcap", ["nats.op"]) for operation in row[0]]
    assert time.monotonic() - before < 15, "the dissector is slow"
    assert [operations.count(verb) for verb in ("INFO", "HPUB", "PUB")] == [10001, 4, 10000]


def operations_between_servers_have_their_arguments():
    """The lines that nats-server 2.9.10 sends to a server of its cluster and to a leaf node."""
    capture = Capture("servers.pcap")
    capture.put(1, 1, b'INFO {"server_id":"A"}\r\n', 6222)
    capture.put(1, 0, b"RS+ A q.> grp 1\r\nRS+ A p.>\r\nLS+ leaf A q.> grp 1\r\nLS+ leaf A p.>\r\nLS-  A p.>\r\nLS-  A q.> grp\r\n", 6222)
    capture.put(1, 1, b"RMSG A p.1 5\r\nhello\r\nRMSG A q.1 + rep grp 2\r\nhi\r\nHMSG A q.h + r.h grp 18 20\r\nNATS/1.0\r\nA: b\r\n\r\nxx\r\n"
                b"LMSG leaf A p.1 0 5\r\nhello\r\n", 6222)
    capture.put(2, 1, b'INFO {"server_id":"B"}\r\n', 7422)
    capture.put(2, 0, b"LS+ q.> grp 1\r\nLS+ p.>\r\nLS- p.>\r\nLS- q.> grp\r\n", 7422)
    capture.put(2, 1, b"LMSG p.1 5\r\nhello\r\nHMSG p.h 18 20\r\nNATS/1.0\r\nA: b\r\n\r\nxx\r\n", 7422)
    capture.file.close()
    rows = fields("servers.pcap", ["nats.origin", "nats.account", "nats.subject", "nats.reply", "nats.queue", "nats.size"])
    assert rows[1:3] + rows[4:] == [
        [["leaf"] * 2, ["A"] * 6, ["q.>", "p.>"] * 2 + ["p.>", "q.>"], [], ["grp"] * 3, []],
        [["leaf"], ["A"] * 4, ["p.1", "q.1", "q.h", "p.1"], ["rep", "r.h"], ["grp"] * 2, ["5", "2", "2", "5"]],
        [[], [], ["q.>", "p.>", "p.>", "q.>"], [], ["grp"] * 2, []],
        [[], [], ["p.1", "p.h"], [], [], ["5", "2"]]], rows


def times_of_deliveries_come_back():
    """Each receiver got the message when the log says, in packets that are in order."""
    events = [{"kind": "connect", "conn": conn, "client": name, "address": f"10.0.0.{conn}:4000", "name": name}
              for conn, name in ((1, "ann"), (2, "bob"), (3, "eve"))]
    events += [{"kind": "message", "conn": 1, "subject": f"a.{i}", "payload": "x", "size": 1, "receivers": 2, "delivered": [
                   {"conn": conn, "sid": "1", "outcome": "sent", "after_us": after} for conn, after in ((2, 5.5), (3, 80 + i % 7))]}
               for i in range(100)]
    with open(os.path.join(FOLDER, "late.jsonl"), "w", encoding="utf-8") as file:
        for i, event in enumerate(events):
            file.write(json.dumps({**event, "time": f"2026-01-01T00:00:00.{i * 10000:09}Z"}) + "\n")
    log_comes_back_equal("late.jsonl")
    packets = "late.jsonl.pcapng"
    lines = [json.loads(line) for line in run(TAPEDECK, "cat", "-q", "--json", "--detail", "--kind", "message", packets).splitlines()]
    assert [[receiver["after_us"] for receiver in line["delivered"]] for line in lines] == [[5.5, 80 + i % 7] for i in range(100)]
    times = [float(row[0][0]) for row in fields(packets, ["frame.time_relative", "tcp.analysis.flags"]) if row[1] == []]
    assert times == sorted(times) and len(times) == 3 * 6 - 3 + 300, len(times)


def main():
    if not shutil.which("tshark"):
        print("no tshark here")
        return 77
    run(WRITE_SAMPLES)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(log_comes_back_equal, LOGS + ["captures/plain.pcap", "captures/holes.pcap"]))
        tests = [pool.submit(test) for test in (packets_have_no_faults, requests_and_responses_are_linked,
                                                secrets_are_not_shown, garbage_is_no_error, hostile_bytes_take_no_time,
                                                operations_between_servers_have_their_arguments,
                                                times_of_deliveries_come_back)]
        list(pool.map(dissector_lists_what_sniff_lists, CAPTURES))
        for test in tests:
            test.result()
    shutil.rmtree(FOLDER)
    return 0


sys.exit(main())
