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


def garbage_is_no_error():
    """Pieces of operations in any order, in segments of any length, some of them lost or cut."""
    pieces = [b"PUB ", b"HPUB ", b"MSG ", b"HMSG ", b"SUB ", b"UNSUB ", b"INFO {", b'CONNECT {"pass":"word', b"-ERR ", b"+OK",
              b"PING", b"PONG", b"RMSG ", b"LMSG ", b"RS+ ", b"LS- ", b"A+ ", b"\r\n", b"\n", b"\r", b" ", b"a.b", b"r", b"1",
              b"16", b"999999999", b"NATS/1.0", b" 503\r\n", b"K: v\r\n", b"\0", b"\xff", b'"', b"{", b"}", b"\\", b"\x16\3\1",
              b'"max_payload":1.5', b"PUB a r 3\r\nabc\r\n", b"MSG r 1 3\r\nabc\r\n", b"HMSG r 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n"]
    chance = random.Random(16)
    with open(os.path.join(FOLDER, "garbage.pcap"), "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 101))
        for connection in range(150):
            sequence = [1000, 5000]
            for _ in range(10):
                side = chance.randrange(2)
                data = b"".join(chance.choices(pieces, k=chance.randrange(1, 30)))
                ports = (20000 + connection, 4222 if connection % 3 else 5555)
                tcp = struct.pack(">HHIIBBHHH", *(ports if side == 0 else ports[::-1]), sequence[side], sequence[1 - side], 0x50,
                                  0x18, 65535, 0, 0) + data
                packet = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, b"\x0a\0\0\1", b"\x0a\0\0\2") + tcp
                seen = len(packet) if chance.random() < 0.9 else chance.randrange(40, len(packet) + 1)
                if chance.random() < 0.95:
                    file.write(struct.pack("<IIII", connection, sequence[0], seen, len(packet)) + packet[:seen])
                sequence[side] += len(data)
    assert tshark("garbage.pcap", "-V", "-2", "-o", "nats.json:TRUE").count("Operation: ") > 100


def main():
    if not shutil.which("tshark"):
        print("no tshark here")
        return 77
    run(WRITE_SAMPLES)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(log_comes_back_equal, LOGS + ["captures/plain.pcap", "captures/holes.pcap"]))
        tests = [pool.submit(test) for test in (packets_have_no_faults, requests_and_responses_are_linked,
                                                secrets_are_not_shown, garbage_is_no_error)]
        list(pool.map(dissector_lists_what_sniff_lists, CAPTURES))
        for test in tests:
            test.result()
    shutil.rmtree(FOLDER)
    return 0


sys.exit(main())
