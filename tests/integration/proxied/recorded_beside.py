"""The same traffic recorded by the proxy and by a sniffer beside it is equal, and so is the broker's own log where our broker stands
behind the proxy: messages, their order, and every receiver that was seen.

  recorded_beside.py TAPEDECK"""

import contextlib
import json
import os
import subprocess
import sys

import proxies
import running
import trees
from running import expect

ATTEMPTS = 3  # so that the kernel drops no packet in one of them
TAPEDECK = sys.argv[1]


def record(folder, *server):
    """Talk to a server through the proxy. (the proxy's log, the sniffer's), or None when packets were missed."""
    proxied, sniffed = (os.path.join(folder, name) for name in ("proxied", "sniffed"))
    with contextlib.ExitStack() as stack:
        behind, port = stack.enter_context(running.server(folder, *server))
        process, port, _ = stack.enter_context(proxies.proxy(folder, TAPEDECK, port, "--record", proxied))
        sniffer = stack.enter_context(running.sniffer(TAPEDECK, sniffed, [port]))
        running.await_messages(TAPEDECK, sniffed, trees.talk(port))
        has_seen_all = running.has_seen_all(sniffer)
        running.end(process)
        running.end(behind)
    return (proxied, sniffed) if has_seen_all else None


def receivers_of(log):
    """Each message by its content, with the names and subscriptions of those that got it, in the order of the log."""
    command = (TAPEDECK, "cat", log, "--json", "--detail", "--kind", "connect,message")
    lines = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.splitlines()
    events = [json.loads(line) for line in lines]
    names = {event["conn"]: event["client"] for event in events if event["kind"] == "connect"}
    messages = [event for event in events if event["kind"] == "message"]
    return sorted(
        (names[event["conn"]], event["subject"], event["payload"], sorted(
            (names[receiver["conn"]], receiver["sid"]) for receiver in event.get("delivered", [])
            if receiver["outcome"] == "sent"))
        for event in messages)


def expect_equal(one, other, claim):
    done = subprocess.run((TAPEDECK, "diff", "--deliveries", one, other), capture_output=True, check=False)
    if done.returncode != 0:
        print(done.stdout.decode(), done.stderr.decode())
    expect(done.returncode == 0, claim)
    seen, theirs = receivers_of(one), receivers_of(other)
    for mine, wanted in zip(seen, theirs):
        expect(mine == wanted, f"{claim}: {mine} is {wanted}")
    expect(len(seen) == len(theirs) > 0, f"{claim}: {len(seen)} and {len(theirs)} messages")
    expect(any(receivers for *_, receivers in seen), "receivers were seen")
    print(f"{claim}: {len(seen)} messages")


def compare_with_sniffer():
    with running.open_folder("beside") as folder:
        logs = record(folder, "nats-server")
        if logs:
            expect_equal(*logs, "the proxy and a sniffer record the same")
        return logs is not None


def compare_with_broker():
    with running.open_folder("before") as folder:
        recorded = os.path.join(folder, "recorded")
        options = ("--record", recorded, "--record-detail", "protocol")
        logs = record(folder, TAPEDECK, "broker", *options)
        if logs:
            expect_equal(logs[0], recorded, "the proxy and the broker record the same")
            expect_equal(*logs, "the proxy and a sniffer before our broker record the same")
        return logs is not None


def main():
    proxies.require("nats-server")
    for compare in (compare_with_sniffer, compare_with_broker):
        expect(any(compare() for _ in range(ATTEMPTS)), "nothing was missed once")


if __name__ == "__main__":
    main()
