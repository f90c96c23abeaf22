"""What `tapedeck record` logs when its server goes: the server's reason where it cuts off a slow consumer, the disconnects of other
clients when it dies, and one gap up to the end where it is silent when the recording ends.

Usage: outages.py TAPEDECK
"""
import os
import signal
import sys
import time

from nats import Client, Folder, Process, Server, await_true, environment, events

MESSAGE = b"x" * (64 << 10)


def start(tapedeck, folder, server, name, *options):
    return Process([tapedeck, "record", ">", "--record", folder(name), "-s", "127.0.0.1:%d" % server.port, "--control",
                    "ctl." + name, "--monitor", "http://127.0.0.1:%d" % server.http_port, *options],
                   folder(name + ".out"), environment())


def gaps(tapedeck, log):
    return events(tapedeck, log, options=("--kind", "gap"))


def closed_reasons(server):
    return [each["reason"] for each in server.ask("/connz?state=closed")["connections"]]


def cut_off(server, client, recorder):
    """The recorder stands still until the server cuts it off, and then goes on."""
    before = len(closed_reasons(server))
    returns = recorder.output().count("reconnected to")
    recorder.child.send_signal(signal.SIGSTOP)

    def is_cut_off():
        for _ in range(20):
            client.publish("much", MESSAGE)
        client.ping()
        return len(closed_reasons(server)) > before
    await_true("the server cuts off the recorder", is_cut_off)
    assert "Slow Consumer" in closed_reasons(server)[-1], closed_reasons(server)
    recorder.child.send_signal(signal.SIGCONT)
    await_true("the recorder is back: %s" % recorder.output(), lambda: recorder.output().count("reconnected to") > returns)


def check_slow_consumer(tapedeck, folder):
    """The gap names the server's reason, unless the connection is back before the recorder asks for it: then again."""
    server = Server(folder, "slow", "max_pending: 1MB\nwrite_deadline: 1s\n")
    try:
        client = Client(server.port)
        recorder = start(tapedeck, folder, server, "cut")
        client.ask_until("ctl.cut", b"status", b'"recording":true')

        def has_reason():
            cut_off(server, client, recorder)
            return any("Slow Consumer" in gap["text"] for gap in gaps(tapedeck, folder("cut")))
        await_true("a gap with the server's reason", has_reason)
        client.publish("after", b"")
        client.ping()
        assert recorder.end() == 0, recorder.output()
        found = events(tapedeck, folder("cut"))
        found_messages = [event for event in found if event["kind"] == "message"]
        assert found_messages[-1]["subject"] == "after"
        assert all(event["payload"] == MESSAGE.decode() for event in found_messages if event["subject"] == "much"), \
            "a message that was cut off is not completed by what comes next"
        assert any(event["kind"] == "disconnect" and "Slow Consumer" in event["reason"] for event in found), \
            [event for event in found if event["kind"] == "disconnect"]
    finally:
        server.kill()


def check_death(tapedeck, folder):
    """A server that dies takes its connections with it; the recorder ends at once, with a gap for the outage."""
    server = Server(folder, "mortal")
    try:
        client = Client(server.port)
        recorder = start(tapedeck, folder, server, "death")
        client.ask_until("ctl.death", b"status", b'"recording":true')
        named = lambda kind: [event for event in events(tapedeck, folder("death")) if event["kind"] == kind]
        await_true("the connections are known", lambda: len(named("connect")) >= 2)
        server.kill()
        await_true("they have ended", lambda: len(named("disconnect")) >= 2)
        assert all(event["reason"] == "server mortal is gone" for event in named("disconnect")), named("disconnect")
        assert len(named("connect")) == len(named("disconnect"))
        ended = time.monotonic()
        assert recorder.end() == 0, recorder.output()
        assert time.monotonic() - ended < 20, "it waits for a server that is away"
        found = gaps(tapedeck, folder("death"))
        assert len(found) == 1 and "not reconnected until the recording ended" in found[0]["text"], found
    finally:
        server.kill()


def check_silence(tapedeck, folder):
    """A server that stands still when the recording ends is not waited for, and is a gap."""
    server = Server(folder, "still")
    try:
        recorder = start(tapedeck, folder, server, "silence", "--duration", "1s")
        await_true("the recorder has subscribed and opened its log", lambda: os.path.exists(folder("silence")))
        server.child.send_signal(signal.SIGSTOP)
        assert recorder.wait() == 0, recorder.output()
        found = gaps(tapedeck, folder("silence"))
        assert len(found) == 1 and "the server does not answer" in found[0]["text"], found
    finally:
        server.kill()


def main():
    tapedeck = sys.argv[1]
    with Folder() as folder:
        check_slow_consumer(tapedeck, folder)
        check_death(tapedeck, folder)
        check_silence(tapedeck, folder)


main()
