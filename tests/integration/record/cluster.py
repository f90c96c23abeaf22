"""A cluster of three servers with TLS and credentials: `tapedeck record` follows it while each server is killed and restarted in
turn under load. Of what the publishers sent and a server confirmed, everything is in the log, or a gap explains why not.

Usage: cluster.py TAPEDECK
"""
import json
import os
import random
import sys
import threading
import time
from datetime import datetime

from nats import Client, Folder, Operator, Process, Server, await_true, environment, events, free_ports, make_certificates

PUBLISHERS = 3
BURST = 20


class Publisher(threading.Thread):
    """Publishes numbers in bursts, each confirmed by a PONG. When its server is gone it connects to another."""

    def __init__(self, number, servers, connect):
        super().__init__(daemon=True)
        self.number, self.servers, self.connect = number, servers, connect
        self.sent = 0
        self.confirmed = set()
        self.moves = 0
        self.is_over = False

    def publish(self, client):
        while not self.is_over:
            first = self.sent
            for at in range(first, first + BURST):
                client.publish("load.%d" % self.number, b"%d" % at)
                self.sent += 1
            client.ping()
            self.confirmed.update(range(first, first + BURST))
            time.sleep(0.004)

    def run(self):
        at = self.number
        while not self.is_over:
            try:
                client = self.connect(self.servers[at % len(self.servers)].port)
                self.publish(client)
                client.close()
            except OSError:
                self.moves += 1
                at = random.randrange(len(self.servers))
                time.sleep(0.02)


def start_servers(folder):
    make_certificates(folder)
    operator = Operator(folder)
    ports = [free_ports(3) for _ in range(3)]
    routes = ", ".join("nats://127.0.0.1:%d" % each[2] for each in ports)
    tls = "tls { cert_file: '%s', key_file: '%s' }\n" % (folder("server.pem"), folder("server.key"))
    servers = [Server(folder, "s%d" % i, operator.config + tls + "cluster { name: east, host: 127.0.0.1, port: %d, "
                      "no_advertise: true, routes: [%s] }\n" % (each[2], routes), each)
               for i, each in enumerate(ports)]
    return operator, servers


def await_whole(servers):
    for server in servers:
        await_true("%s has two routes" % server.port, lambda: server.ask("/routez")["num_routes"] >= 2)


def seconds(text):
    return datetime.strptime(text[:26], "%Y-%m-%dT%H:%M:%S.%f").timestamp()


def check_publisher(publisher, found, gaps):
    """Every number once and in order; each hole overlaps a gap. How many confirmed ones are missing."""
    numbers = [int(event["payload"]) for event in found]
    assert numbers == sorted(set(numbers)), "publisher %d: out of order or twice" % publisher.number
    assert set(numbers) <= set(range(publisher.sent))
    missing = sorted(publisher.confirmed - set(numbers))
    times = dict(zip(numbers, (seconds(event["time"]) for event in found)))
    for number in missing:
        before = max((n for n in numbers if n < number), default=None)
        after = min((n for n in numbers if n > number), default=None)
        from_s = times[before] if before is not None else 0
        to_s = times[after] if after is not None else float("inf")
        assert any(seconds(gap["from"]) <= to_s and seconds(gap["to"]) >= from_s for gap in gaps), \
            "publisher %d: %d is missing between %s and %s, and no gap says why" % (publisher.number, number, from_s, to_s)
    return len(missing)


def check_log(tapedeck, log, publishers):
    all_events = events(tapedeck, log)
    gaps = [event for event in all_events if event["kind"] == "gap"]
    missing = 0
    for publisher in publishers:
        found = [event for event in all_events if event["kind"] == "message" and
                 event["subject"] == "load.%d" % publisher.number]
        assert found, "nothing of publisher %d" % publisher.number
        missing += check_publisher(publisher, found, gaps)
    sent = sum(len(publisher.confirmed) for publisher in publishers)
    print("%d confirmed, %d of them missing in %d gaps; publishers moved %s times" %
          (sent, missing, len(gaps), [publisher.moves for publisher in publishers]))
    return all_events, gaps


def write_context(folder, operator, servers):
    """A context of natscli for the system account; the environment that finds it."""
    creds, _ = operator.user("SYS", "system")
    os.makedirs(folder("config/nats/context"))
    with open(folder("config/nats/context/sys.json"), "w") as file:
        json.dump({"url": ",".join("tls://127.0.0.1:%d" % server.port for server in servers), "creds": creds,
                   "ca": folder("ca.pem")}, file)
    return {**environment(), "XDG_CONFIG_HOME": folder("config")}


def record_under_load(tapedeck, folder, operator, servers):
    creds, _ = operator.user("APP", "recorder")
    _, sign = operator.user("APP", "publisher")
    log = folder("log")
    recorder = Process([tapedeck, "record", "load.>", "--record", log, "--creds", creds, "--tlsca", folder("ca.pem"), "-s",
                        ",".join("tls://127.0.0.1:%d" % server.port for server in servers), "--monitor",
                        "http://127.0.0.1:%d" % servers[0].http_port, "--system-context", "sys", "--control", "ctl"],
                       folder("record.out"), write_context(folder, operator, servers))
    connect = lambda port: Client(port, folder("ca.pem"), sign, timeout=5)
    asking = connect(servers[0].port)
    asking.ask_until("ctl", b"status", b'"recording":true')
    asking.close()
    publishers = [Publisher(i, servers, connect) for i in range(PUBLISHERS)]
    for publisher in publishers:
        publisher.start()
    kill_in_turn(servers, publishers, recorder)
    for publisher in publishers:
        publisher.is_over = True
    for publisher in publishers:
        publisher.join()
    time_left = sum(publisher.sent for publisher in publishers)
    assert time_left > 0
    assert recorder.end() == 0, recorder.output()
    return log, publishers, recorder


def await_progress(publishers, by):
    """Every publisher has had so many more messages confirmed."""
    goals = [len(publisher.confirmed) + by for publisher in publishers]
    await_true("publishers go on", lambda: all(len(p.confirmed) >= goal for p, goal in zip(publishers, goals)))


def kill_in_turn(servers, publishers, recorder):
    for server in servers:
        await_progress(publishers, 300)
        server.kill()
        await_progress(publishers, 300)
        server.start()
        await_whole(servers)
    await_progress(publishers, 300)


def main():
    tapedeck = sys.argv[1]
    with Folder() as folder:
        operator, servers = start_servers(folder)
        try:
            await_whole(servers)
            log, publishers, recorder = record_under_load(tapedeck, folder, operator, servers)
            all_events, gaps = check_log(tapedeck, log, publishers)
            outages = recorder.output().count("disconnected: ")
            assert len(gaps) >= 1 and outages >= len(gaps), "one server at least was that of the recorder"
            assert all("not connected for" in gap["text"] for gap in gaps), gaps
            assert any(event["kind"] == "connect" and event.get("account") for event in all_events), \
                "connections with their accounts"
            assert any(event["kind"] == "disconnect" and "Client Closed" in json.dumps(event) for event in all_events), \
                "disconnects with their reasons"
        finally:
            for server in servers:
                server.kill()


main()
