"""Is docs/format.md enough to read a log? A broker records what clients do; then segments.py, written from the
document alone, and `tapedeck cat --json` must read the same events from whole, open and damaged logs.

  check.py TAPEDECK DOCUMENT SAMPLE_LOGS"""

import base64
import datetime
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

try:
    import segments
except ImportError as missing:
    print(f"skipped: there is no Python module {missing.name} here")
    sys.exit(77)

WAIT_S = 30
KINDS = ",".join(segments.KINDS)  # named, so that repeated connects are shown too


# ---- recording ----


class Broker:
    processes = []  # all that were started

    def __init__(self, tapedeck, log, *flags):
        self.ports = tempfile.mkdtemp(dir=os.path.dirname(log))
        command = [tapedeck, "broker", "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", self.ports]
        self.process = subprocess.Popen([*command, "--record", log, *flags], stderr=subprocess.DEVNULL)
        self.processes.append(self.process)
        self.port = self.await_port()

    def await_port(self):
        path = os.path.join(self.ports, f"tapedeck_{self.process.pid}.ports")
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with open(path, encoding="utf-8") as file:
                    return int(json.load(file)["nats"][0].rsplit(":", 1)[1])
            except (OSError, ValueError):
                time.sleep(0.005)
        raise SystemExit("the broker does not start")

    def end(self, signal_number):
        self.process.send_signal(signal_number)
        self.process.wait(WAIT_S)


class Client:
    def __init__(self, broker, **options):
        self.socket = socket.create_connection(("127.0.0.1", broker.port), WAIT_S)
        self.file = self.socket.makefile("rb")
        connect = {"verbose": False, "headers": True, "no_responders": True, **options}
        self.say(f"CONNECT {json.dumps(connect)}\r\n".encode())

    def say(self, *frames):
        self.socket.sendall(b"".join(frames))

    def sync(self):
        self.say(b"PING\r\n")
        while line := self.file.readline():
            if line == b"PONG\r\n":
                return
            if match := re.match(rb"H?MSG .* (\d+)\r\n", line):
                self.file.read(int(match[1]) + 2)
        raise SystemExit("the broker closed a connection")

    def close(self):
        self.file.close()
        self.socket.close()


def publish(subject, payload, reply=b""):
    return b"PUB %s %s %d\r\n%s\r\n" % (subject, reply, len(payload), payload)


def publish_headed(subject, headers, payload):
    block = b"NATS/1.0\r\n" + headers + b"\r\n"
    return b"HPUB %s %d %d\r\n%s%s\r\n" % (subject, len(block), len(block) + len(payload), block, payload)


def random_text(numbers):
    text = {"id": f"{numbers.getrandbits(128):032x}", "n": numbers.randrange(10**6)}
    return json.dumps(text).encode() + b" " * numbers.randrange(100)


def random_event(numbers):
    """A payload that can be cut into fields: text in common with others, its own id and number."""
    state = numbers.choice(["open", "paid", "late"])
    return json.dumps({"id": f"{numbers.getrandbits(64):016x}", "state": state, "n": numbers.randrange(10**6)}).encode()


def talk(broker, numbers, rounds):
    """Cause every kind of event: clients that come and go, requests, queue groups, headers, odd bytes, refusals."""
    alice = Client(broker, user="alice", **{"pass": "a"}, name="alice's", lang="py", version="1")
    bob = Client(broker, user="bob", **{"pass": "b"}, echo=False)
    alice.say(b"SUB > all\r\nSUB orders.* workers 2\r\nSUB passing 3\r\nUNSUB 3 5\r\nUNSUB 3\r\n")
    bob.say(b"SUB orders.* workers 7\r\nSUB inbox.* 8\r\nSUB secret 9\r\n")
    alice.sync()
    bob.sync()
    for i in range(rounds):
        orders = [publish(b"orders.%d" % numbers.randrange(300), random_text(numbers)) for _ in range(50)]
        headed = publish_headed(b"headed", b"Key: one\r\nOther: x\r\nKey: two\r\n", random_text(numbers))
        odd = publish(b"odd.\xff", numbers.randbytes(numbers.randrange(2000)), b"inbox.%d" % i)
        events = [publish(b"events", random_event(numbers)) for _ in range(100)]
        alice.say(*orders, *events, headed, odd, publish(b"empty", b""))
        bob.say(publish(b"orders.bob", random_text(numbers)), publish(b"forbidden", b"never"))
        alice.sync()
        bob.sync()
    for _ in range(3):
        passer_by = Client(broker, user="bob", **{"pass": "b"}, name="passer-by")
        passer_by.say(publish(b"nobody.hears", b"x" * 5000))
        passer_by.sync()
        passer_by.close()
    return alice, bob


CONFIG = """
authorization { users = [
  { user: alice, password: a, permissions: { subscribe: { deny: "secret" } } }
  { user: bob, password: b, permissions: { publish: { deny: "forbidden" } } }
] }
"""


def record(tapedeck, folder, name, numbers, rounds, end, *flags):
    log, config = os.path.join(folder, name), os.path.join(folder, "users.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write(CONFIG)
    broker = Broker(tapedeck, log, "-c", config, *flags)
    clients = talk(broker, numbers, rounds)
    if end == signal.SIGKILL:
        await_last(log)
    broker.end(end)
    for client in clients:
        client.close()
    return log


def await_last(log):
    """Wait until the last message of `talk` is on disk: its publisher has left."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        events = [event for event in segments.events_of(log) if not isinstance(event, tuple)]
        if sum(event.kind == "disconnect" for event in events) == 3:
            return
        time.sleep(0.01)
    raise SystemExit("the last message is not logged")


# ---- the output of cat --json, made by the other reader ----


def text(value, key, data):
    """Add a text; when it is not UTF-8, its key says so."""
    try:
        value[key] = data.decode("utf-8")
    except UnicodeDecodeError:
        value[key + "_base64"] = base64.b64encode(data).decode()


def optional(value, key, data):
    if data:
        text(value, key, data)


def time_text(nanoseconds):
    seconds, rest = divmod(nanoseconds, 10**9)
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:09}Z"


def headers_of(block):
    keys = {}
    for line in block.decode().split("\r\n")[1:-2]:
        key, field = line.split(": ", 1)
        keys.setdefault(key, []).append(field)
    return keys


def describe_delivered(event):
    delivered = []
    for (conn, sid, queue, outcome), delay in zip(event.receivers, event.delays or [None] * len(event.receivers)):
        receiver = {"conn": conn}
        optional(receiver, "sid", sid)
        optional(receiver, "queue", queue)
        receiver["outcome"] = outcome
        if delay is not None:
            receiver["after_us"] = delay / 1000
        delivered.append(receiver)
    return delivered


def describe_body(value, event):
    text(value, "subject", event.subject)
    optional(value, "reply", event.reply)
    if event.headers:
        value["headers"] = headers_of(event.headers)
    text(value, "payload", event.payload)
    value["size"] = event.size
    for flag, key in ((segments.PARTIAL, "partial"), (segments.CUT, "cut"), (segments.MASKED, "masked")):
        if event.flags & flag:
            value[key] = True


def describe_message(value, event):
    describe_body(value, event)
    if not event.flags & segments.RECEIVERS_UNKNOWN:
        value["receivers"] = segments.got(event)
    elif segments.got(event):
        value["known_receivers"] = segments.got(event)
    if event.receivers is not None:
        value["delivered"] = describe_delivered(event)


def describe_connect(value, event):
    keys = {2: "address", 3: "name", 4: "lang", 5: "version", 6: "user", 16: "account", 17: "certificate"}
    for tag, key in keys.items():
        optional(value, key, event.details.get(tag, b""))
    if event.flags & segments.REPEATED:
        value["repeated"] = True


def describe_subscription(value, event):
    optional(value, "subject", event.subject)
    optional(value, "queue", event.details.get(8, b""))
    optional(value, "sid", event.details.get(7, b""))
    if event.kind == "unsubscribe":
        value["max"] = event.details.get(9, 0)


def describe_text(value, event):
    text(value, "reason" if event.kind == "disconnect" else "text", event.details.get(1, b""))
    if event.kind == "disconnect":
        value["lost_messages"] = event.details.get(10, 0)
        value["lost_bytes"] = event.details.get(11, 0)


DESCRIBE = {
    "message": describe_message,
    "connect": describe_connect,
    "subscribe": describe_subscription,
    "unsubscribe": describe_subscription,
    "disconnect": describe_text,
    "error": describe_text,
    "mark": describe_text,
}


def described(event):
    if isinstance(event, tuple):
        return {"damage": True, "from_seq": str(event[0]), "to_seq": str(event[1])}
    value = {"seq": str(event.seq), "time": time_text(event.time), "kind": event.kind}
    if event.flags & segments.PUBLISHER_UNKNOWN:
        value["publisher_unknown"] = True
    elif event.conn:
        value["conn"] = event.conn
    DESCRIBE[event.kind](value, event)
    return value


def without_names(value):
    """`client`, and the address of an error, are looked up in connect events, which are compared themselves."""
    if value.get("damage"):
        return {key: value[key] for key in ("damage", "from_seq", "to_seq")}
    value.pop("client", None)
    if value.get("kind") == "error":
        value.pop("address", None)
    for receiver in value.get("delivered", []):
        receiver.pop("client", None)
    return value


def compare(tapedeck, log):
    """Both readers must read the same events. Returns how many."""
    command = [tapedeck, "cat", log, "--json", "--detail", "--kind", KINDS]
    printed = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    theirs = [without_names(json.loads(line)) for line in printed.splitlines()]
    ours = [described(event) for event in segments.events_of(log)]
    for mine, other in zip(ours, theirs):
        if mine != other:
            raise SystemExit(f"{log}\n the document: {mine}\n tapedeck cat: {other}")
    if len(ours) != len(theirs):
        raise SystemExit(f"{log}: {len(ours)} events by the document, {len(theirs)} by tapedeck cat")
    return len(ours)


# ---- the story ----


def expect(condition, claim):
    if not condition:
        raise SystemExit(f"not so: {claim}")


def read_example(document):
    """The block that the document spells out byte by byte."""
    with open(document, encoding="utf-8") as file:
        listing = file.read().split("### An example", 1)[1].split("```")[1]
    data = bytes.fromhex("".join(re.split(" {3,}", line[12:])[0] for line in listing.splitlines()))
    header = segments.read_header(data[: segments.BLOCK_HEADER])
    expect(header.bytes == len(data), "the example has the length that it states")
    frames, at = [], segments.BLOCK_HEADER
    for stored, _, checksum in header.frames:
        frames.append(data[at : at + stored])
        expect(segments.checksum(frames[-1]) == checksum, "the example's checksums are right")
        at += stored
    events = segments.read_events(header, frames)
    segments.check_header(header, events)
    segments.check_dictionary(header, frames[0], events)
    event = events[0]
    expect((event.subject, event.payload, event.conn) == (b"a", b"hi", 1), "the example is the message that is described")
    expect(event.receivers == [(2, b"1", b"", "sent")], "the example's receiver is the one that is described")


def read_fields_example(document):
    """The fields that the document spells out."""
    with open(document, encoding="utf-8") as file:
        listing = file.read().split("### Fields", 1)[1].split("```")[1]
    data = bytes.fromhex("".join(line[:24] for line in listing.splitlines()))
    expect(segments.join_fields(data) == b'{"n":12}{"n":7}', "the example of fields has the records that are described")


def damage(segment, numbers):
    """The segment's bytes after random damage."""
    data, size = bytearray(segment.data), len(segment.data)
    anywhere = numbers.randrange(segments.FILE_HEADER, size)
    in_header = numbers.choice(segment.blocks)[0] + numbers.randrange(segments.BLOCK_HEADER)
    at_end = numbers.randrange(max(segments.FILE_HEADER, size - 1000), size)
    kind = numbers.choice(["flip", "flip", "flip", "delete", "insert", "cut"])
    if kind == "flip":
        data[numbers.choice([anywhere, in_header, at_end])] ^= 1 << numbers.randrange(8)
    elif kind == "delete":
        del data[anywhere : anywhere + numbers.randrange(1, 50)]
    elif kind == "insert":
        data[anywhere:anywhere] = numbers.randbytes(numbers.randrange(1, 50))
    else:
        del data[anywhere:]
    return data


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def damage_often(tapedeck, log, numbers, times):
    """Whatever damage a segment has, both readers lose the same events."""
    intact = segments.segments_of(log)
    for _ in range(times):
        segment = numbers.choice(intact)
        write(segment.path, damage(segment, numbers))
        compare(tapedeck, log)
        write(segment.path, segment.data)


def read_samples(tapedeck, sample_logs, folder):
    """A log with everything that no broker records: unknown publishers, delivery times, accounts, masked payloads."""
    os.mkdir(folder)
    subprocess.run([sample_logs], cwd=folder, check=True)
    log = os.path.join(folder, "partly")
    compare(tapedeck, log)
    events = list(segments.events_of(log))
    flags = [event.flags for event in events]
    expect(any(flag & segments.PUBLISHER_UNKNOWN for flag in flags), "a publisher is not known")
    expect(any(flag & segments.MASKED for flag in flags), "a payload is masked")
    expect(any(event.delays for event in events), "delivery times are known")
    expect(any(16 in event.details for event in events), "an account is known")


def read_packed(tapedeck, folder, numbers):
    """A segment of several blocks that have much in common: packed with a dictionary."""
    packed, texts = os.path.join(folder, "packed"), [numbers.randbytes(200).hex().encode() for _ in range(100)]
    broker = Broker(tapedeck, packed)
    client = Client(broker)
    client.say(*[publish(b"texts", numbers.choice(texts)) for _ in range(16000)])
    client.sync()
    client.close()
    broker.end(signal.SIGTERM)
    subprocess.run([tapedeck, "pack", packed], check=True, stdout=subprocess.DEVNULL)
    read = segments.segments_of(packed)
    expect([segment.packed_level for segment in read] == [19], "the segment is packed")
    expect(read[0].major == 3 and read[0].dictionary, "it has a dictionary")
    expect(compare(tapedeck, packed) >= 16000, "all events are read")
    damage_often(tapedeck, packed, numbers, 20)


def run_story(tapedeck, folder, seed):
    numbers = random.Random(seed)
    small = ("--record-detail=protocol", "--record-segment-size=16kb", "--record-payload=max=300")
    record(tapedeck, folder, "whole", numbers, 30, signal.SIGTERM, *small)
    for _ in range(10):  # large blocks are cut, and a busy machine writes small ones
        whole = record(tapedeck, folder, "whole", numbers, 30, signal.SIGTERM)
        if any(header.form == 1 for segment in segments.segments_of(whole) for _, header in segment.blocks):
            break
    killed = record(tapedeck, folder, "killed", numbers, 20, signal.SIGKILL)
    read = segments.segments_of(whole)
    expect(len(read) >= 2 and all(segment.is_closed for segment in read), "a log has several closed segments")
    expect(not segments.segments_of(killed)[-1].is_closed, "a killed broker leaves an open segment")
    forms = {header.form for segment in read for _, header in segment.blocks}
    expect(1 in forms, "a log has payloads that are cut into fields")
    counts = [compare(tapedeck, log) for log in (whole, killed)]
    copy = shutil.copytree(killed, os.path.join(folder, "torn"))
    last = segments.segments_of(copy)[-1]
    os.truncate(last.path, last.blocks[-1][0] + last.blocks[-1][1].bytes - 1)
    expect(segments.segments_of(copy)[-1].tail > 0, "a cut block is a tail")
    expect(compare(tapedeck, copy) < counts[1], "a cut block is not read")
    read_packed(tapedeck, folder, numbers)
    damage_often(tapedeck, whole, numbers, 20)
    damage_often(tapedeck, killed, numbers, 20)
    print(f"{counts[0]} and {counts[1]} events are read the same by the reader of the document and by tapedeck cat")


def main():
    seed = int(os.environ.get("TAPEDECK_FORMAT_SEED", time.time_ns() % 10**9))
    print(f"TAPEDECK_FORMAT_SEED={seed}")
    folder = tempfile.mkdtemp(prefix="tapedeck-format-")
    try:
        read_example(sys.argv[2])
        read_fields_example(sys.argv[2])
        read_samples(sys.argv[1], sys.argv[3], os.path.join(folder, "samples"))
        run_story(sys.argv[1], folder, seed)
    finally:
        for process in Broker.processes:
            process.kill()
            process.wait()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
