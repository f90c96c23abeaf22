"""Four recorders in one queue group: each message is in exactly one log, and the four logs read as one equal that of a recorder
that gets everything, as sets and in the order of time.

Usage: group.py TAPEDECK
"""
import os
import resource
import sys

from nats import Client, Folder, Process, Server, await_true, environment, events, messages, tapedeck as run

MESSAGES = 4000
RECORDERS = 4


def start(tapedeck, folder, server, name, *options):
    return Process([tapedeck, "record", "work.>", "--record", folder(name), "-s", "127.0.0.1:%d" % server.port, "--control",
                    "ctl." + name, *options], folder(name + ".out"), environment())


def publish(client):
    for at in range(MESSAGES):
        client.publish("work.%d" % (at % 7), b"%d" % at, b"Number: %d\r\nA: 1\r\nNumber: again\r\n" % at if at % 5 == 0 else b"")
    client.ping()


def contents(found):
    return [(event["subject"], event["payload"], repr(event.get("headers"))) for event in found]


def check(tapedeck, folder, names):
    whole = messages(tapedeck, folder("whole"))
    parts = [messages(tapedeck, folder(name)) for name in names]
    assert len(whole) == MESSAGES, len(whole)
    assert all(parts), "a recorder got nothing: %s" % [len(part) for part in parts]
    assert sum(len(part) for part in parts) == MESSAGES, [len(part) for part in parts]
    merged = messages(tapedeck, *[folder(name) for name in names])
    assert sorted(contents(merged)) == sorted(contents(whole)), "the sets differ"
    times = [event["time"] for event in merged]
    assert times == sorted(times), "not in the order of time"
    assert contents(whole) == [(s, p, h) for s, p, h in contents(whole)]
    assert [int(event["payload"]) for event in whole] == list(range(MESSAGES)), "the order of the publisher"
    assert all(event["publisher_unknown"] for event in whole)
    headers = next(event for event in whole if event["payload"] == "5")["headers"]
    assert headers == {"Number": ["5", "again"], "A": ["1"]}, headers


def check_control(tapedeck, folder, server, client):
    """Requests start, stop, mark and tell; each takes effect between the messages around it."""
    recorder = start(tapedeck, folder, server, "steered", "--paused")
    client.ask_until("ctl.steered", b"status", b'"recording":false')
    client.publish("work.a", b"unwanted")
    assert b'"recording":true' in client.request("ctl.steered", b"start")
    client.publish("work.a", b"wanted")
    client.request("ctl.steered", b"mark halfway")
    assert b'"recording":false' in client.request("ctl.steered", b"stop")
    client.publish("work.a", b"unwanted")
    assert b'"error"' in client.request("ctl.steered", b"dance")
    assert recorder.end() == 0, recorder.output()
    found = events(tapedeck, folder("steered"))
    assert [event["payload"] for event in found if event["kind"] == "message"] == ["wanted"], found
    marks = [event["text"].split()[0] for event in found if event["kind"] == "mark"]
    assert "remark" in marks and marks.count("start") == 2, marks


def check_ends(tapedeck, folder, server, client):
    """-n ends after so many messages; a server that is not there is status 3."""
    recorder = start(tapedeck, folder, server, "few", "-n", "3")
    client.ask_until("ctl.few", b"status", b"recording")
    for at in range(10):
        client.publish("work.b", b"%d" % at)
    client.ping()
    assert recorder.wait() == 0, recorder.output()
    assert [event["payload"] for event in messages(tapedeck, folder("few"))] == ["0", "1", "2"]
    run(tapedeck, "record", "--record", folder("none"), "-s", "127.0.0.1:1", status=3)
    run(tapedeck, "record", "--record", folder("none"), "--memory", "4GiB", status=2)


def check_limit_while_paused(tapedeck, folder, server, client):
    """-n counts only what is recorded: messages that come while it is stopped do not use it up."""
    recorder = start(tapedeck, folder, server, "later", "--paused", "-n", "3")
    client.ask_until("ctl.later", b"status", b'"recording":false')
    for _ in range(5):
        client.publish("work.c", b"unwanted")
    assert b'"recording":true' in client.request("ctl.later", b"start")
    for at in range(3):
        client.publish("work.c", b"%d" % at)
    client.ping()
    assert recorder.wait() == 0, recorder.output()
    assert [event["payload"] for event in messages(tapedeck, folder("later"))] == ["0", "1", "2"]


def check_masked_choice(tapedeck, folder, server, client):
    """What is recorded is chosen by the true subject, which a mask then covers."""
    recorder = start(tapedeck, folder, server, "masked", "--mask-subject", "work.*.>=2", "--record-include", "work.bob.>",
                     "--record-exclude", "work.*.secret")
    client.ask_until("ctl.masked", b"status", b'"recording":true')
    for subject in ("work.eve.job", "work.bob.secret", "work.bob.job"):
        client.publish(subject, subject.encode())
    client.ping()
    assert recorder.end() == 0, recorder.output()
    assert [(event["subject"], event["payload"]) for event in messages(tapedeck, folder("masked"))] == \
        [("work.xxx.job", "work.bob.job")]


def check_lost(tapedeck, folder, server, client):
    """What a full disk lost is said at the end, even when the log has recovered, and by the status."""
    recorder = start(tapedeck, folder, server, "full")
    client.ask_until("ctl.full", b"status", b'"recording":true')
    _, most = resource.prlimit(recorder.child.pid, resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
    for _ in range(2000):
        client.publish("work.d", os.urandom(2048))
    client.ping()
    recorder.await_output("recording degraded")
    resource.prlimit(recorder.child.pid, resource.RLIMIT_FSIZE, (most, most))
    recorder.await_output("recording again")
    assert recorder.end() == 4, recorder.output()
    assert "the log is not complete: it lacks" in recorder.output(), recorder.output()


def main():
    tapedeck = sys.argv[1]
    with Folder() as folder:
        server = Server(folder, "server")
        try:
            names = ["part%d" % i for i in range(RECORDERS)]
            recorders = [start(tapedeck, folder, server, "whole")]
            recorders += [start(tapedeck, folder, server, name, "--queue", "recorders") for name in names]
            client = Client(server.port)
            for name in ["whole", *names]:
                client.ask_until("ctl." + name, b"status", b"recording")
            publish(client)
            for recorder in recorders:
                assert recorder.end() == 0, recorder.output()
            check(tapedeck, folder, names)
            check_control(tapedeck, folder, server, client)
            check_ends(tapedeck, folder, server, client)
            check_limit_while_paused(tapedeck, folder, server, client)
            check_masked_choice(tapedeck, folder, server, client)
            check_lost(tapedeck, folder, server, client)
        finally:
            server.kill()


main()
