"""Does what a mask covers reach the disk, a screen, a page or a log line? Messages with secrets (cases.py) are sent to the broker, through
the proxy, and sniffed from a capture file; then the logs, unpacked by a reader of their own, and everything that the programs
wrote or printed are searched for the secrets.

  leaks.py TAPEDECK"""

import base64
import contextlib
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", name) for name in ("format", "proxied", "sniffed")]

import cases
import proxies
import running
from running import WAIT_S, expect, wait_for

try:
    import segments
except ImportError as missing:
    print(f"skipped: there is no Python module {missing.name} here")
    sys.exit(running.SKIPPED)

TAPEDECK = os.path.abspath(sys.argv[1])
ALL = [cases.planted(number, case) for number, case in enumerate(cases.cases())]
MASKED = len(ALL) + 101  # messages: 100 on `repeated`, which come in a row, and one that is refused
COMMANDS = [
    "cat LOG", "cat LOG -v", "cat LOG --json", "cat LOG --json --detail", "cat LOG --raw", "cat LOG --hex", "cat LOG --csv seq,subject,payload,reply",
    "stat LOG", "stat LOG --json", "stat LOG --by subject", "stat LOG --by client", "trace LOG", "trace LOG --json",
    "trace LOG --latency", "trace LOG --graph", "doctor LOG", "doctor LOG --json", "who LOG", "verify LOG", "diff LOG LOG", "top LOG -n 1 --every 100ms",
]


# ---- looking for secrets ----


def forms(secret):
    """The ways in which programs write a secret: as it is, in hexadecimal, in base64 at each offset."""
    yield secret
    yield secret.hex().encode()
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + secret)
        yield encoded[(offset * 8 + 5) // 6 : len(secret + b"\0" * offset) // 3 * 4]


def search(where, data):
    for text in (data, re.sub(rb"\s", b"", data), data.replace(b"\0", b"")):
        for prefix in cases.PREFIXES:
            for form in forms(prefix):
                at = text.find(form)
                expect(at < 0, f"{where} has no secret: {text[max(at - 60, 0) : at + 60]}")


def search_log(log):
    """The files, and all that is unpacked from them on the way to the events."""
    unpacked, plain = [], segments.unpack_frame

    def unpack(*frame):
        unpacked.append(plain(*frame))
        return unpacked[-1]

    segments.unpack_frame = unpack
    events = [event for event in segments.events_of(log)]
    segments.unpack_frame = plain
    for name in os.listdir(log):
        with open(os.path.join(log, name), "rb") as file:
            search(f"{log}/{name}", file.read())
    for event in events:
        unpacked += [bytes(value) for value in vars(event).values() if isinstance(value, bytes)]
        unpacked.append(repr(vars(event)).encode())
    search(log, b"\n".join(unpacked))
    expect(sum(event.kind == "message" for event in events) >= len(ALL), f"{log} has the messages")


def search_tail(log):
    """It goes on until it is interrupted; the last event is the mark at the stop."""
    with running.process(TAPEDECK, "tail", log, "-n", "1000", "-v", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as tail:
        text = b""
        while b"stop tapedeck" not in text:
            part = os.read(tail.stdout.fileno(), 1 << 16)
            expect(part, "tail prints the last events")
            text += part
        running.end(tail)
    search("tail", text)


def search_outputs(log, folder):
    search_tail(log)
    ran = 0
    for command in COMMANDS:
        words = [log if word == "LOG" else word for word in command.split()]
        done = subprocess.run([TAPEDECK, *words], capture_output=True, cwd=folder, timeout=WAIT_S, check=False)
        ran += done.returncode != 2
        search(command, done.stdout + done.stderr)
        expect(done.returncode != 2, f"{command} is known: {done.stderr.decode()}")
    expect(ran == len(COMMANDS), "all commands ran")


# ---- the traffic ----


def operations():
    """What a client sends: subscriptions, one publish for each case, subjects that are refused."""
    yield b'CONNECT {"verbose":false,"headers":true,"name":"shop","user":"u","pass":"p"}\r\n'
    for number, (_, _, _, subject, _) in enumerate(ALL):
        yield b"SUB %s %d\r\n" % (subject, number + 1)
    for _, headers, payload, subject, reply in ALL:
        block = b"NATS/1.0\r\n" + headers + b"\r\n" if headers else b""
        words = [subject] + ([reply] if reply else []) + ([b"%d" % len(block)] if block else [])
        verb = b"HPUB" if block else b"PUB"
        yield verb + b" " + b" ".join(words) + b" %d\r\n" % (len(block) + len(payload)) + block + payload + b"\r\n"
    yield b"PUB denied.%s 1\r\nx\r\nSUB denied.%s 99\r\n" % ((cases.secrets(0)[0],) * 2)
    yield b"PUB repeated 15\r\n{\"card\":\"0001\"}\r\n" * 100
    yield b"PING\r\n"


def talk(port):
    with socket.create_connection(("127.0.0.1", port), WAIT_S) as connection:
        received = b""
        connection.sendall(b"".join(operations()))
        while not received.endswith(b"PONG\r\n"):
            part = connection.recv(1 << 20)
            expect(part, "the server answers")
            received = received[-65536:] + part
        yield received
        connection.sendall(b"".join(b"UNSUB %d\r\n" % (number + 1) for number in range(len(ALL))))


# ---- recording it ----


def write_rules(folder):
    with open(os.path.join(folder, "masks"), "w", encoding="utf-8") as file:
        for rules, *_ in ALL:
            print(*rules, sep="\n", file=file)
        print("subject denied.*=2", "repeated:$.card", "never.>:$.card", sep="\n", file=file)
    with open(os.path.join(folder, "key"), "w", encoding="utf-8") as file:
        print(os.urandom(16).hex(), file=file)
    return "--mask-file", os.path.join(folder, "masks"), "--mask-key", os.path.join(folder, "key")


CONFIGURATION = """
authorization { users = [ { user: u, password: p, permissions: {
  publish: { deny: "denied.>" }, subscribe: { deny: "denied.>" } } } ] }
"""


def pages(port):
    for page in ("varz", "connz?subs=1", "connz?subs=detail", "subsz?subs=1", "metrics", "healthz"):
        with contextlib.suppress(urllib.error.HTTPError):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=WAIT_S) as answer:
                yield page, answer.read()


def read_ports(folder):
    for name in os.listdir(folder):
        if name.endswith(".ports"):
            with contextlib.suppress(ValueError), open(os.path.join(folder, name), encoding="utf-8") as file:
                return json.load(file)
    return None


def port_of(urls):
    return int(urls[0].rsplit(":", 1)[1])


def count_masked(varz):
    return [varz["mask"][key] for key in ("malformed_payloads", "unjudged_payloads", "masked_messages")]


def await_counts(port):
    """In the proxy messages wait for their deliveries. It also counts deliveries that it sees apart from their publish."""
    wanted = [8, 1, MASKED]

    def has_all():
        varz = json.loads(dict(pages(port))["varz"])
        counts = count_masked(varz)
        return counts == wanted if "server_id" in varz else all(a >= b for a, b in zip(counts, wanted))

    wait_for(has_all, f"masked messages are counted: {wanted}")


def check_varz(page):
    mask = json.loads(page)["mask"]
    unmatched = mask["unmatched_rules"]
    expect("never.>:$.card" in unmatched and "case.0:$.card" not in unmatched, f"a rule has matched nothing: {mask}")


def search_pages(port):
    await_counts(port)
    for page, text in pages(port):
        search(page, text)
        if page == "varz":
            check_varz(text)
        if page == "metrics":
            expect(re.search(rb"_mask_unmatched_rules [1-9]", text), "the metrics have the rules")


def search_server(folder, log, command):
    """Start a server with masks, talk to it, and search everything."""
    ports, lines = tempfile.mkdtemp(dir=folder), os.path.join(folder, f"{log}.lines")
    log = os.path.join(folder, log)
    with running.process(*command, "--record", log, "--log", lines, "--ports_file_dir", ports, "-m", "-1") as server:
        found = wait_for(lambda: server.poll() is not None or read_ports(ports), "the server starts")
        expect(found is not True, "the server starts")
        for received in talk(port_of(found["nats"])):
            expect(cases.secrets(0)[0] in received, "clients get what was sent")
            search_pages(port_of(found["monitoring"]))
        running.end(server)
    with open(lines, "rb") as file:
        text = file.read()
    search(lines, text)
    expect(b"mask never.>:$.card matched nothing in this run" in text, "the rule is reported")
    search_log(log)
    search_outputs(log, folder)
    return text


def search_broker(folder, masks):
    config = os.path.join(folder, "server.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write(CONFIGURATION)
    command = (TAPEDECK, "broker", "-a", "127.0.0.1", "-p", "-1", "-c", config, "-DV", "--record-detail", "protocol", *masks)
    text = search_server(folder, "broker", command)
    for claim in (b"MSG_PAYLOAD", b"[SUB case.", b"Publish Violation", b"Subscription Violation", b"Permissions Violation"):
        expect(claim in text, f"the log lines have {claim}")


def search_proxy(folder, masks):
    config = os.path.join(folder, "server.conf")
    with running.server(folder, "nats-server", "-c", config) as (_, port):
        command = (TAPEDECK, "proxy", "--listen", "127.0.0.1:0", "--upstream", f"127.0.0.1:{port}", "-D", "--record-detail", "protocol", *masks)
        search_server(folder, "proxy", command)


# ---- sniffing it ----


def packet(source, destination, seq, ack, flags, payload):
    tcp = struct.pack(">HHIIBBHHH", source[1], destination[1], seq, ack, 0x50, flags, 65535, 0, 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, source[0], destination[0])
    return ip + tcp


def write_capture(path):
    """A connection to port 4222 with all operations, in segments of 1400 bytes; the last one is missing its end."""
    client, server = (b"\x0a\0\0\1", 50000), (b"\x0a\0\0\2", 4222)
    stream = b"".join(operations())
    info = b'INFO {"server_id":"S","max_payload":8388608,"headers":true}\r\n'
    frames = [packet(client, server, 0, 0, 2, b""), packet(server, client, 0, 1, 18, b""), packet(server, client, 1, 1, 24, info)]
    for at in range(0, len(stream), 1400):
        frames.append(packet(client, server, 1 + at, 1 + len(info), 24, stream[at : at + 1400]))
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, 101))
        for number, frame in enumerate(frames):
            file.write(struct.pack("<IIII", 1700000000, number, len(frame), len(frame)) + frame)


def search_sniffer(folder, masks):
    capture, log = os.path.join(folder, "capture.pcap"), os.path.join(folder, "sniffed")
    write_capture(capture)
    for options in ((), ("--json",), ("--raw",), ("--hex",), ("-v",), ("--stats",), ("--record", log)):
        done = subprocess.run([TAPEDECK, "sniff", "-r", capture, *options, *masks], capture_output=True, timeout=WAIT_S, check=False)
        expect(done.returncode == 0, f"sniff {options} ends well: {done.stderr.decode()}")
        search(f"sniff {options}", done.stdout + done.stderr)
        expect(b"matched nothing in this run" in done.stderr, "sniff reports the rule")
    search_log(log)
    search_outputs(log, folder)
    done = subprocess.run([TAPEDECK, "sniff", "-r", capture, "-w", capture + ".copy", *masks], capture_output=True, check=False)
    expect(done.returncode == 2 and not os.path.exists(capture + ".copy"), "a copy of the packets is refused")


# ---- a guest, and a part of a log that was recorded without masks ----


def record_as_guest(folder, port, masks):
    """Start `tapedeck record`; returns once it is subscribed."""
    log = os.path.join(folder, "guest")
    command = (TAPEDECK, "record", "-s", f"nats://u:p@127.0.0.1:{port}", "--record", log, "--until-idle", "3s", *masks)
    guest = subprocess.Popen(command, stderr=subprocess.PIPE)
    wait_for(lambda: guest.poll() is not None or os.path.isdir(log), "the guest records")
    return guest, log


def search_guest_and_cut(folder, masks):
    plain, part = os.path.join(folder, "plain"), os.path.join(folder, "part")
    with running.server(folder, TAPEDECK, "broker", "--record", plain, "--record-detail", "protocol") as (broker, port):
        guest, log = record_as_guest(folder, port, masks)
        for _ in talk(port):
            pass
        lines = guest.communicate(timeout=WAIT_S)[1]
        expect(guest.returncode == 0, f"the guest ends well: {lines.decode()}")
        running.end(broker)
    done = subprocess.run([TAPEDECK, "cut", plain, "--record", part, *masks], capture_output=True, timeout=WAIT_S, check=False)
    expect(done.returncode == 0, f"cut ends well: {done.stderr.decode()}")
    for name, cut, said in (("record", log, lines), ("cut", part, done.stderr)):
        search(name, said)
        expect(b"matched nothing in this run" in said, f"{name} reports the rule")
        search_log(cut)
        search_outputs(cut, folder)
        events = subprocess.run([TAPEDECK, "cat", cut, "--json"], capture_output=True, check=True).stdout.splitlines()
        masked = sum(b'"masked":true' in event for event in events)
        expect(masked >= MASKED - 1, f"{name}: {masked} messages are masked")


def main():
    with running.open_folder("masking") as folder:
        masks = write_rules(folder)
        search_broker(folder, masks)
        search_sniffer(folder, masks)
        search_guest_and_cut(folder, masks)
        proxies.require("nats-server")
        search_proxy(folder, masks)


main()
