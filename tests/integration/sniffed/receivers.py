"""Does the log of a sniffer or a proxy name the receivers that the broker's own log names? Clients of two brokers repeatedly publish a few
payloads, while subscriptions and connections come and go; a sniffer listens, or a proxy stands in front of each. Then the
receivers of every message in that log are compared with those in the log of its broker: client by client, message by message.

Twice: with clients that wait for the answer to each packet, and with clients that do not. Without waiting,
a capture does not show in which order the broker processed the packets of different connections: some receivers are
unknown, and more of them where the machine stops the broker for long. A receiver set that is marked as known is never
wrong, in any attempt in which no packet was missed. A proxy never knows all receivers: its broker may have other clients.
Those that it names are right.

  receivers.py TAPEDECK sniffed|proxied [ROUNDS]"""

import collections
import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time

import running
from running import WAIT_S, expect

ATTEMPTS = 3  # so that the machine is idle enough in one of them
CLIENTS, BROKERS = 4, 2
SUBJECTS = ["a", "a.b", "a.c", "b", "b.c.d", "jobs"]
PATTERNS = SUBJECTS + ["a.*", "*", ">", "b.>", "*.b", "b.*.d"]
CONTENTS = [b"", b"yes", b"no", b"tick"]


Broker = collections.namedtuple("Broker", "process port log")


def start_broker(stack, tapedeck, folder, number):
    log = os.path.join(folder, f"broker{number}")
    process, port = stack.enter_context(running.server(folder, tapedeck, "broker", "--record", log))
    return Broker(process, port, log)


def connect(port, used=set(), lock=threading.Lock()):
    """A connection from a port that none had before: clients are identified by their addresses."""
    while True:
        connection = socket.create_connection(("127.0.0.1", port), WAIT_S)
        with lock:
            if connection.getsockname() not in used:
                used.add(connection.getsockname())
                return connection
        connection.close()


class Client:
    """A client that builds the protocol itself, so that it decides which operations a packet holds."""

    def __init__(self, port, numbers):
        self.socket = connect(port)
        self.numbers, self.sids, self.next_sid = numbers, [], 1
        self.unanswered, self.tail = 0, b""
        echo, name = b"true" if numbers.random() < 0.8 else b"false", b"%s:%d" % (
            self.socket.getsockname()[0].encode(), self.socket.getsockname()[1])
        self.send(b'CONNECT {"verbose":false,"pedantic":false,"name":"%s","echo":%s}\r\n' % (name, echo))

    def send(self, data):
        self.socket.sendall(data)

    def subscribe(self):
        sid, queue = b"%d" % self.next_sid, self.numbers.choice([b"", b"", b"", b"workers"])
        self.next_sid += 1
        self.sids.append(sid)
        operation = b"SUB %s %s %s\r\n" % (self.numbers.choice(PATTERNS).encode(), queue, sid)
        if self.numbers.random() < 0.2:
            operation += b"UNSUB %s %d\r\n" % (sid, self.numbers.randrange(1, 6))
        return operation

    def unsubscribe(self):
        if not self.sids:
            return b""
        return b"UNSUB %s\r\n" % self.sids.pop(self.numbers.randrange(len(self.sids)))

    def publish(self):
        content = self.numbers.choice(CONTENTS)
        return b"PUB %s %d\r\n%s\r\n" % (self.numbers.choice(SUBJECTS).encode(), len(content), content)

    def ping(self):
        self.unanswered += 1
        return b"PING\r\n"

    def act_calmly(self):
        """One operation, and its answer."""
        acts = [self.publish] * 6 + [self.subscribe, self.unsubscribe]
        self.send(self.numbers.choice(acts)() + self.ping())
        self.await_answers()

    def act_hastily(self):
        """A few operations in one packet."""
        acts = [self.publish] * 6 + [self.subscribe, self.unsubscribe, self.ping]
        self.send(b"".join(self.numbers.choice(acts)() for _ in range(self.numbers.randrange(1, 5))))
        self.drain()

    def receive(self):
        more = self.socket.recv(1 << 16)
        expect(more, "the broker keeps a connection")
        data = self.tail + more
        self.unanswered -= data.count(b"PONG\r\n")
        self.tail = data[-5:]

    def await_answers(self):
        while self.unanswered > 0:
            self.receive()

    def drain(self):
        self.socket.setblocking(False)
        try:
            while True:
                self.receive()
        except BlockingIOError:
            pass
        self.socket.settimeout(WAIT_S)

    def close(self):
        """Unsubscribe first, so that the broker counts no message as received that is never read; await the answer to
        every PING, so that it has executed every operation."""
        self.send(b"".join(b"UNSUB %s\r\n" % sid for sid in self.sids) + self.ping())
        self.await_answers()
        self.socket.close()


def converse(port, seed, rounds, is_calm):
    """Short-lived clients, one after the other."""
    numbers = random.Random(seed)
    client = Client(port, numbers)
    for _ in range(rounds):
        client.act_calmly() if is_calm else client.act_hastily()
        if numbers.random() < 0.05:
            client.close()
            client = Client(port, numbers)
        if numbers.random() < 0.3:
            time.sleep(numbers.random() * 0.003)
    client.close()


def talk(ports, seed, rounds, is_calm):
    threads = [
        threading.Thread(target=converse, args=(port, f"{seed} {port} {i}", rounds, is_calm))
        for port in ports
        for i in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# ---- what was logged ----


def messages_of(tapedeck, log):
    """{name of the publisher: its messages in order: (subject, payload, receivers, whether those are all)}"""
    command = (tapedeck, "cat", log, "--json", "--detail", "--kind", "connect,message")
    lines = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.splitlines()
    events, messages = [json.loads(line) for line in lines], {}
    names = {event["conn"]: event["client"] for event in events if event["kind"] == "connect"}
    for event in events:
        if event["kind"] != "message":
            continue
        sent = [receiver for receiver in event.get("delivered", []) if receiver["outcome"] == "sent"]
        receivers = sorted((names[r["conn"]], r["sid"], r.get("queue", "")) for r in sent)
        messages.setdefault(names[event["conn"]], []).append(
            (event["subject"], event["payload"], receivers, "receivers" in event))
    return messages


def is_right(mine, theirs):
    """A set that is marked as known is whole."""
    return not mine[3] or mine[2] == theirs[2]


def names_only_receivers(mine, theirs):
    return not set(mine[2]) - set(theirs[2])


def compare(tapedeck, logs, brokers, is_right):
    seen, recorded, shared = {}, {}, set()
    for log in logs:
        seen.update(messages_of(tapedeck, log))
    for broker in brokers:
        theirs = messages_of(tapedeck, broker.log)
        shared |= theirs.keys() & recorded.keys()  # the kernel gave a port to a client of each broker: leave both out
        recorded.update(theirs)
    for address in shared:
        del recorded[address]
        seen.pop(address, None)
    expect(seen.keys() == recorded.keys(), "the same clients published")
    equal, unknown, wrong = 0, 0, []
    for address, messages in recorded.items():
        expect(len(messages) == len(seen[address]), f"every message of {address} was seen")
        for mine, theirs in zip(seen[address], messages):
            expect(mine[:2] == theirs[:2], f"the messages of {address} are in order")
            if not is_right(mine, theirs):
                wrong.append((address, mine, theirs))
            elif mine[2] == theirs[2]:
                equal += 1
            else:
                unknown += 1
    total = equal + unknown + len(wrong)
    print(f"{equal} of {total} receiver sets are equal, {unknown} name some of them, {len(wrong)} are wrong")
    for address, mine, theirs in wrong[:10]:
        print(f" {address}: seen {mine}\n  recorded {theirs}")
    return total, unknown, len(wrong)


def sniff(tapedeck, folder, seed, rounds, is_calm):
    """The share of receiver sets that are not known; None when packets were missed."""
    log = os.path.join(folder, "sniffed")
    with contextlib.ExitStack() as stack:
        brokers = [start_broker(stack, tapedeck, folder, number) for number in range(BROKERS)]
        sniffer = stack.enter_context(running.sniffer(tapedeck, log, [broker.port for broker in brokers]))
        talk([broker.port for broker in brokers], seed, rounds, is_calm)
        for broker in brokers:
            running.end(broker.process)
        running.await_messages(tapedeck, log, sum(running.count(tapedeck, broker.log, "messages") for broker in brokers))
        if not running.has_seen_all(sniffer):
            return None
    total, unknown, wrong = compare(tapedeck, [log], brokers, is_right)
    expect(wrong == 0, "receiver sets are right, or marked as unknown")
    return unknown / total


def start_proxy(stack, tapedeck, folder, broker):
    log = os.path.join(folder, f"proxied{broker.port}")
    upstream = f"127.0.0.1:{broker.port}"
    command = ("proxy", "--listen", "127.0.0.1:0", "--upstream", upstream, "--record", log, "--record-overflow", "wait")
    process, port = stack.enter_context(running.server(folder, tapedeck, *command))
    return Broker(process, port, log)


def relay(tapedeck, folder, seed, rounds, is_calm):
    """The share of receiver sets that are not whole; None when some are wrong, as when the machine stops a server for longer
    than messages wait for their deliveries."""
    with contextlib.ExitStack() as stack:
        brokers = [start_broker(stack, tapedeck, folder, number) for number in range(BROKERS)]
        proxies = [start_proxy(stack, tapedeck, folder, broker) for broker in brokers]
        talk([proxy.port for proxy in proxies], seed, rounds, is_calm)
        for server in proxies + brokers:
            running.end(server.process)
    total, unknown, wrong = compare(tapedeck, [proxy.log for proxy in proxies], brokers, names_only_receivers)
    return unknown / total if wrong == 0 else None


def run_in_folder(record, tapedeck, seed, rounds, is_calm):
    with running.open_folder("receivers") as folder:
        return record(tapedeck, folder, seed, rounds, is_calm)


def main():
    seed = int(os.environ.get("TAPEDECK_RECEIVERS_SEED", time.time_ns() % 10**9))
    record = sniff if sys.argv[2] == "sniffed" else relay
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 150
    print(f"TAPEDECK_RECEIVERS_SEED={seed}")
    hasty, calm = ([run_in_folder(record, sys.argv[1], seed + i, rounds, is_calm) for i in range(ATTEMPTS)]
                   for is_calm in (False, True))
    expect(any(share is not None for share in hasty), "in one attempt nothing was missed, and every receiver that is named is right")
    expect(any(share is not None and share < 0.2 for share in calm), "most receivers of calm clients are known")


if __name__ == "__main__":
    main()
