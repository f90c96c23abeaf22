"""A JetStream stream imported into a log, played into another stream, and imported again is the same, by `diff`; imports and
replays continue where they ended.

Usage: streams.py TAPEDECK
"""
import json
import os
import resource
import sys
import time

from nats import Client, Folder, Process, Server, await_true, environment, messages, tapedeck as run

MESSAGES = 3000


def make_stream(server):
    client = Client(server.port)
    answer = json.loads(client.request("$JS.API.STREAM.CREATE.ORDERS", {"name": "ORDERS", "subjects": ["orders.>", "other"]}))
    assert "error" not in answer, answer
    return client


def fill(client, first, count):
    for at in range(first, first + count):
        headers = b"Nats-Msg-Id: %d\r\nB:1\r\nA: 2\r\nB: 3\r\n" % at if at % 3 == 0 else b""
        client.publish("orders.%d" % (at % 11), bytes([at % 256]) * (at % 300), headers)
    client.ping()


def count(client):
    return json.loads(client.request("$JS.API.STREAM.INFO.ORDERS"))["state"]["messages"]


def sequences(tapedeck, log):
    return [int(event["reply"].split(".")[-4]) for event in messages(tapedeck, log)]


def check_import(tapedeck, folder, client, url):
    """A second import continues after the first one, and a third finds nothing new."""
    fill(client, 0, MESSAGES)
    run(tapedeck, "import", "--stream", "ORDERS", "--record", folder("first"), "-s", url, "-n", "1000")
    assert sequences(tapedeck, folder("first")) == list(range(1, 1001))
    for _ in range(2):
        run(tapedeck, "import", "--stream", "ORDERS", "--record", folder("first"), "-s", url)
        assert sequences(tapedeck, folder("first")) == list(range(1, MESSAGES + 1))
    times = [event["time"] for event in messages(tapedeck, folder("first"))]
    assert times == sorted(times)
    run(tapedeck, "import", "--stream", "ORDERS", "--record", folder("part"), "-s", url, "--from-seq", "2001")
    assert sequences(tapedeck, folder("part")) == list(range(2001, MESSAGES + 1))
    run(tapedeck, "import", "--stream", "ORDERS", "--record", folder("late"), "-s", url, "--since", times[1500])
    first = times.index(times[1500]) + 1
    assert sequences(tapedeck, folder("late")) == list(range(first, MESSAGES + 1))
    run(tapedeck, "import", "--stream", "NONE", "--record", folder("none"), "-s", url, status=2)


def check_since(tapedeck, folder, client, url):
    """--since is exact, too, where the fraction of a second begins with a zero."""
    await_true("a second begins", lambda: time.time() % 1 < 0.05)
    for _ in range(3):
        client.publish("other", b"since")
        client.ping()
    last = json.loads(client.request("$JS.API.STREAM.INFO.ORDERS"))["state"]["last_seq"]
    run(tapedeck, "import", "--stream", "ORDERS", "--record", folder("all"), "-s", url, "--from-seq", str(last - 2))
    times = [event["time"] for event in messages(tapedeck, folder("all"))]
    assert times[1].split(".")[1].startswith("0"), times
    run(tapedeck, "import", "--stream", "ORDERS", "--record", folder("since"), "-s", url, "--since", times[1])
    assert sequences(tapedeck, folder("since")) == [last - 1, last]


def check_end(tapedeck, folder, client, url):
    """An import ends, too, when no message comes: all are older than --since, or the last one was deleted."""
    run(tapedeck, "import", "--stream", "ORDERS", "--record", folder("later"), "-s", url, "--since", "2100-01-01T00:00:00Z")
    last = json.loads(client.request("$JS.API.STREAM.INFO.ORDERS"))["state"]["last_seq"]
    client.publish("other", b"to be deleted")
    client.publish("other", b"to be deleted")
    client.ping()
    client.request("$JS.API.STREAM.MSG.DELETE.ORDERS", {"seq": last + 2})
    run(tapedeck, "import", "--stream", "ORDERS", "--record", folder("deleted"), "-s", url, "--from-seq", str(last + 2))
    run(tapedeck, "import", "--stream", "ORDERS", "--record", folder("first"), "-s", url)
    run(tapedeck, "import", "--stream", "ORDERS", "--record", folder("first"), "-s", url)
    assert sequences(tapedeck, folder("first")) == list(range(1, last + 2))
    for name in ("later", "deleted"):
        assert sequences(tapedeck, folder(name)) == [], name


def check_full_disk(tapedeck, folder, client, url):
    """An import ends where the disk was full, though it works again at once, and the next one goes on there."""
    log, args = folder("full"), [tapedeck, "import", "--stream", "ORDERS", "--record", folder("full"), "-s", url]
    for at in range(1000):
        client.publish("other", os.urandom(2048))
    client.ping()
    last = json.loads(client.request("$JS.API.STREAM.INFO.ORDERS"))["state"]["last_seq"]
    importing = Process(["prlimit", "--fsize=1000000:unlimited", "--", *args, "--follow"], folder("full.out"), environment())
    importing.await_output("recording degraded")
    _, most = resource.prlimit(importing.child.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(importing.child.pid, resource.RLIMIT_FSIZE, (most, most))
    client.publish("other", b"the disk works again")
    assert importing.wait() == 4, importing.output()
    done = sequences(tapedeck, log)
    assert 0 < len(done) < last and done == list(range(1, len(done) + 1)), done[-3:]
    run(*args)
    assert sequences(tapedeck, log)[:last] == list(range(1, last + 1))
    run(*args, "--record-overflow", "drop", status=2)


def check_resume(tapedeck, folder, url):
    """A run that is resumed begins with the first message that was not stored."""
    options = ["-s", url, "--msg-id", "drop", "--resume", folder("refused")]
    refused = report(tapedeck, folder("first"), *options, "--map", "orders.5=nowhere", status=1)
    assert refused["without_stream"] > 0 and refused["done_seq"] > 0, refused
    again = report(tapedeck, folder("first"), *options)
    assert again["stored"] >= MESSAGES - 20, again
    run(tapedeck, "replay", folder("first"), "-s", url, "--to-stream", "--msg-id", "renew", "--resume", folder("refused"),
        status=2)


def check_inbox_prefix(tapedeck, folder, url):
    """Acknowledgements come to the inbox prefix; one that is too long is refused."""
    stored = report(tapedeck, folder("first"), "-s", url, "--msg-id", "drop", "--inbox-prefix", "mine.inbox")
    assert stored["stored"] >= MESSAGES, stored
    run(tapedeck, "replay", folder("first"), "-s", url, "--to-stream", "--inbox-prefix", "a" * 200, status=2)


def report(tapedeck, *args, status=0):
    return json.loads(run(tapedeck, "replay", *args, "--to-stream", "--json", status=status))["stream"]


def check_round_trip(tapedeck, folder, client, url):
    stored = report(tapedeck, folder("first"), "-s", url, "--resume", folder("resume"), "--in-flight", "64")
    assert stored["stored"] == MESSAGES, stored
    assert count(client) == MESSAGES
    again = report(tapedeck, folder("first"), "-s", url, "--resume", folder("resume"))
    assert again["stored"] == 0 and count(client) == MESSAGES, again
    run(tapedeck, "import", "--stream", "ORDERS", "--record", folder("second"), "-s", url)
    run(tapedeck, "diff", folder("first"), folder("second"))
    parts = ("subject", "headers", "payload", "payload_base64", "size")
    raw = [[[event.get(part) for part in parts] for event in messages(tapedeck, folder(name))]
           for name in ("first", "second")]
    assert raw[0] == raw[1]


def check_headers(tapedeck, folder, client, url):
    """Ids that are kept make duplicates; renewed ones do not. Expectations are dropped, or kept and refused."""
    kept = report(tapedeck, folder("first"), "-s", url)
    assert kept["duplicates"] == MESSAGES // 3 and kept["stored"] == MESSAGES - MESSAGES // 3, kept
    renewed = report(tapedeck, folder("first"), "-s", url, "--msg-id", "renew")
    assert renewed["stored"] == MESSAGES, renewed
    refused = report(tapedeck, folder("first"), "-s", url, "--map", "orders.*=nowhere.$1", status=1)
    assert refused["without_stream"] == MESSAGES, refused


def check_expected(tapedeck, folder, client, url):
    client.request("$JS.API.STREAM.PURGE.ORDERS")
    last = json.loads(client.request("$JS.API.STREAM.INFO.ORDERS"))["state"]["last_seq"]
    client.publish("other", b"x", b"Nats-Expected-Last-Sequence: %d\r\nKeep: 1\r\n" % last)
    client.ping()
    run(tapedeck, "import", "--stream", "ORDERS", "--record", folder("expects"), "-s", url)
    assert report(tapedeck, folder("expects"), "-s", url)["stored"] == 1
    refused = report(tapedeck, folder("expects"), "-s", url, "--expected", "keep", status=1)
    assert refused["refused"] == 1 and "sequence" in refused["first_refusal"], refused


def main():
    tapedeck = sys.argv[1]
    with Folder() as folder:
        servers = [Server(folder, name, "jetstream { store_dir: '%s' }\n" % folder(name)) for name in ("one", "two")]
        try:
            urls = ["127.0.0.1:%d" % server.port for server in servers]
            clients = [make_stream(server) for server in servers]
            check_import(tapedeck, folder, clients[0], urls[0])
            check_round_trip(tapedeck, folder, clients[1], urls[1])
            check_headers(tapedeck, folder, clients[1], urls[1])
            check_resume(tapedeck, folder, urls[1])
            check_inbox_prefix(tapedeck, folder, urls[1])
            check_full_disk(tapedeck, folder, clients[0], urls[0])
            check_since(tapedeck, folder, clients[0], urls[0])
            check_end(tapedeck, folder, clients[0], urls[0])
            check_expected(tapedeck, folder, clients[1], urls[1])
        finally:
            for server in servers:
                server.kill()


main()
