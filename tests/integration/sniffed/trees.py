"""The same conversations, recorded by our broker, by a sniffer beside our broker, and by a sniffer beside nats-server: trace
makes the same trees of all three recordings.

Messages are compared by their content, since their sequence numbers differ. The conversations hold every kind of evidence that
there is without JetStream: replies, a trace context, a key, inference; requests that nobody answers, that nobody gets, that two
answer; a queue group.

  trees.py TAPEDECK"""

import json
import os
import socket
import subprocess
import sys

import running
from running import WAIT_S, expect

TAPEDECK = sys.argv[1]
ORDERS = 20
ATTEMPTS = 3  # so that the kernel drops no packet in one of them


# ---- clients ----


class Client:
    """Speaks the protocol. Each call waits until the server has answered, so that every run has the same order."""

    def __init__(self, port, name, *subscriptions):
        self.socket = socket.create_connection(("127.0.0.1", port), WAIT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.socket.makefile("rb")
        self.received, self.published = [], 0
        options = {"name": name, "verbose": False, "headers": True, "no_responders": True, "echo": True}
        self.send(b"CONNECT %s\r\n" % json.dumps(options).encode())
        for sid, (subject, queue) in enumerate(subscriptions, 1):
            self.send(f"SUB {subject} {queue} {sid}\r\n".encode())
        self.flush()

    def send(self, data):
        self.socket.sendall(data)

    def publish(self, subject, payload="", reply="", headers=None):
        data = payload.encode()
        if headers:
            block = ("NATS/1.0\r\n" + "".join(f"{key}: {value}\r\n" for key, value in headers.items()) + "\r\n").encode()
            start = f"HPUB {subject} {reply} {len(block)} {len(block) + len(data)}\r\n".encode()
            self.send(start + block + data + b"\r\n")
        else:
            self.send(f"PUB {subject} {reply} {len(data)}\r\n".encode() + data + b"\r\n")
        self.published += 1
        self.flush()

    def flush(self):
        self.send(b"PING\r\n")
        while (line := self.read_line()) != b"PONG":
            self.handle(line)

    def await_message(self, subject):
        while subject not in self.received:
            self.handle(self.read_line())
        self.received.remove(subject)

    def read_line(self):
        line = self.stream.readline()
        expect(line, "the server keeps a connection")
        return line.rstrip(b"\r\n")

    def handle(self, line):
        words = line.split()
        if words[:1] == [b"PING"]:
            self.send(b"PONG\r\n")
        elif words[:1] in ([b"MSG"], [b"HMSG"]):
            self.stream.read(int(words[-1]) + 2)
            self.received.append(words[1].decode())
        elif words[:1] == [b"-ERR"]:
            expect(False, f"the server refuses nothing: {line}")

    def close(self):
        self.stream.close()
        self.socket.close()


class Platform:
    """A shop: web asks orders, which asks stock; orders tells mail and audit, and mail tells audit. Others ask in vain, or get
    two replies."""

    def __init__(self, port):
        self.web = Client(port, "web", ("_INBOX.web.*", ""))
        self.orders = Client(port, "orders", ("orders.new", "orders"), ("_INBOX.orders.*", ""))
        self.stock = Client(port, "stock", ("stock.get", ""), ("stock.count", ""))
        self.mail = Client(port, "mail", ("orders.accepted", ""))
        self.audit = Client(port, "audit", ("orders.accepted", ""), ("mail.sent", ""), ("stock.count", ""))
        self.lonely = Client(port, "lonely", ("_INBOX.lonely.*", ""))
        self.counter = Client(port, "counter", ("_INBOX.counter.*", ""))
        self.patient = Client(port, "patient", ("_INBOX.patient.*", ""))

    def clients(self):
        return list(vars(self).values())

    def order(self, number):
        payload = json.dumps(order(number))
        web_inbox, orders_inbox = f"_INBOX.web.{number}", f"_INBOX.orders.{number}"
        self.web.publish("orders.new", payload, web_inbox, context(number, 1))
        self.orders.await_message("orders.new")
        self.orders.publish("stock.get", json.dumps({"sku": f"a-{number}"}), orders_inbox, context(number, 2))
        self.stock.await_message("stock.get")
        self.stock.publish(orders_inbox, json.dumps({"stock": number}))
        self.orders.await_message(orders_inbox)
        self.orders.publish("orders.accepted", payload)
        self.orders.publish(web_inbox, json.dumps({"ok": number}))
        self.web.await_message(web_inbox)
        self.mail.await_message("orders.accepted")
        self.mail.publish("mail.sent", json.dumps({"mail": number}))
        for subject in ("orders.accepted", "mail.sent"):
            self.audit.await_message(subject)

    def ask_nobody(self, number):
        inbox = f"_INBOX.lonely.{number}"
        self.lonely.publish("orders.nobody", json.dumps({"lost": number}), inbox)
        self.lonely.await_message(inbox)

    def ask_two(self, number):
        inbox = f"_INBOX.counter.{number}"
        self.counter.publish("stock.count", json.dumps({"count": number}), inbox)
        for responder in (self.stock, self.audit):
            responder.await_message("stock.count")
            responder.publish(inbox, json.dumps({"counted": number}))
            self.counter.await_message(inbox)

    def ask_in_vain(self, number):
        self.patient.publish("stock.count", json.dumps({"silent": number}), f"_INBOX.patient.{number}")
        for responder in (self.stock, self.audit):
            responder.await_message("stock.count")


def order(number):
    return {"order_id": f"o-{number}"}


def context(trace, span):
    """W3C Trace Context, section 3.2."""
    return {"traceparent": f"00-{trace + 1:032x}-{span:016x}-01"}


def talk(port):
    """How many messages were published."""
    platform = Platform(port)
    for number in range(ORDERS):
        platform.order(number)
        platform.ask_nobody(number)
        platform.ask_two(number)
        platform.ask_in_vain(number)
    for client in platform.clients():
        client.flush()
        client.close()
    return sum(client.published for client in platform.clients())


# ---- recordings ----


def sniff_beside(folder, *server):
    """Start the server, talk, stop it. The sniffed log, or None when packets were missed."""
    log = os.path.join(folder, "sniffed")
    os.makedirs(folder, 0o711)
    with running.server(folder, *server) as (process, port), running.sniffer(TAPEDECK, log, [port]) as sniffer:
        running.await_messages(TAPEDECK, log, talk(port))
        has_seen_all = running.has_seen_all(sniffer)
        running.end(process)
    return log if has_seen_all else None


def record(folder):
    """{who recorded: the log}, or None when packets were missed."""
    recorded = os.path.join(folder, "recorded")
    logs = {
        "our broker": recorded,
        "a sniffer beside it": sniff_beside(
            os.path.join(folder, "ours"), TAPEDECK, "broker", "--record", recorded, "--record-detail", "protocol"
        ),
        "a sniffer beside nats-server": sniff_beside(os.path.join(folder, "theirs"), "nats-server"),
    }
    return logs if all(logs.values()) else None


# ---- trees ----


def content(node):
    return node["subject"], node.get("reply", ""), node["payload"], json.dumps(node.get("headers", {}))


def tree_of(conversation):
    """Its messages, its edges, its requests without a reply; by content. The log of a broker does not hold what the server
    itself publishes, "no responders", but knows the requests that nobody was subscribed to."""
    nodes = {node["seq"]: node for node in conversation["nodes"]}
    server = {seq for seq, node in nodes.items() if node["kind"] == "delivery"}
    unanswered = set(conversation.get("unanswered", [])) | set(conversation.get("no_responders", []))
    unanswered |= {edge["from"] for edge in conversation["edges"] if edge["to"] in server}
    edges = [edge for edge in conversation["edges"] if edge["to"] not in server]
    name = {seq: content(node) for seq, node in nodes.items()}
    return (
        name[conversation["root"]],
        sorted(name[seq] for seq in nodes if seq not in server),
        sorted((name[edge["from"]], name[edge["to"]], edge["evidence"]) for edge in edges),
        sorted(name[seq] for seq in unanswered),
    )


def conversations_of(log, *options):
    command = (TAPEDECK, "trace", log, "--json", *options)
    lines = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.splitlines()
    return [json.loads(line) for line in lines]


def trees_of(log):
    return sorted(map(tree_of, conversations_of(log, "--key", "$.order_id", "--no-inferred")))


def compare_trees(logs):
    trees = {name: trees_of(log) for name, log in logs.items()}
    wanted = trees["our broker"]
    expect(len(wanted) == 5 * ORDERS, f"our broker's log holds {5 * ORDERS} conversations: {len(wanted)}")
    kinds = {evidence for _, _, edges, _ in wanted for _, _, evidence in edges}
    expect(kinds == {"reply", "trace-context", "key"}, f"every kind of evidence is there: {kinds}")
    expect(sum(len(unanswered) for *_, unanswered in wanted) == 2 * ORDERS, "two requests of each round are unanswered")
    for name, found in trees.items():
        for tree in found:
            expect(tree in wanted, f"a tree of {name} is one of our broker's log: {json.dumps(tree, indent=1)}")
        expect(found == wanted, f"the trees of {name} are those of our broker's log")


def check_inference(name, log):
    """mail.sent has no evidence of its cause but inference, which a machine that stops a client for long may mislead."""
    wanted = {("orders.accepted", json.dumps(order(n)), "mail.sent", json.dumps({"mail": n})) for n in range(ORDERS)}
    found = set()
    for conversation in conversations_of(log, "--evidence", "reply,inferred"):
        nodes = {node["seq"]: node for node in conversation["nodes"]}
        for edge in conversation["edges"]:
            cause, effect = nodes[edge["from"]], nodes[edge["to"]]
            if effect["subject"] == "mail.sent":
                found.add((cause["subject"], cause["payload"], effect["subject"], effect["payload"]))
    expect(len(found & wanted) >= 0.8 * ORDERS, f"{name}: most causes of mail.sent are inferred: {sorted(found)}")
    expect(len(found & wanted) >= 0.95 * len(found), f"{name}: inferred causes are right: {sorted(found - wanted)}")


def compare(logs):
    compare_trees(logs)
    for name, log in logs.items():
        check_inference(name, log)


def main():
    for _ in range(ATTEMPTS):
        with running.open_folder("trees") as folder:
            logs = record(folder)
            if logs:
                return compare(logs)
    raise SystemExit("not so: nothing was missed once")


if __name__ == "__main__":
    main()
