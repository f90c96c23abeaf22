"""What the tests of `tapedeck record` share: real nats-servers, a small NATS client, credentials, and the events of a log."""
import base64
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

WAIT_S = 60


def await_true(what, condition):
    """Wait until condition() holds; returns what it returned."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError("not within %d s: %s" % (WAIT_S, what))


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Folder:
    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="tapedeck-record-")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def __call__(self, name):
        return os.path.join(self.path, name)


class Process:
    """A child whose output goes to a file."""

    def __init__(self, args, log, env=None):
        self.log = log
        with open(log, "ab") as out:
            self.child = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env)

    def output(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def await_output(self, text):
        await_true("%r in the output of %s:\n%s" % (text, self.child.args[:3], self.output()),
                   lambda: text in self.output() or self.child.poll() is not None)
        assert text in self.output(), self.output()

    def kill(self):
        self.child.kill()
        self.child.wait()

    def end(self):
        """SIGTERM; returns the exit status."""
        self.child.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self):
        try:
            return self.child.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            raise AssertionError("does not end:\n" + self.output())


class Server(Process):
    """A nats-server on ports of its own, which it keeps when it is started again."""

    def __init__(self, folder, name, config="", ports=None):
        self.ports = ports or free_ports(2)
        self.port, self.http_port = self.ports[0], self.ports[1]
        self.args = ["nats-server", "-c", folder(name + ".conf")]
        self.path = folder(name + ".log")
        with open(folder(name + ".conf"), "w") as file:
            file.write("host: 127.0.0.1\nport: %d\nhttp: 127.0.0.1:%d\nserver_name: %s\n%s" %
                       (self.port, self.http_port, name, config))
        self.start()

    def start(self):
        before = self.output().count("Server is ready") if os.path.exists(self.path) else 0
        super().__init__(self.args, self.path)
        await_true("nats-server is ready:\n" + self.output(),
                   lambda: self.output().count("Server is ready") > before)

    def ask(self, page):
        with socket.create_connection(("127.0.0.1", self.http_port)) as sock:
            sock.sendall(b"GET %s HTTP/1.0\r\n\r\n" % page.encode())
            answer = b""
            while True:
                more = sock.recv(65536)
                if not more:
                    return json.loads(answer.split(b"\r\n\r\n", 1)[1])
                answer += more


class Client:
    """One blocking connection. `sign` turns a nonce into members of CONNECT."""

    def __init__(self, port, ca=None, sign=None, timeout=WAIT_S):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        file = self.socket.makefile("rb")
        info = json.loads(file.readline()[5:])
        options = {"verbose": False, "pedantic": False, "headers": True, "no_responders": True, "lang": "python",
                   "version": "1", "name": "test"}
        if ca:
            self.socket = ssl.create_default_context(cafile=ca).wrap_socket(self.socket, server_hostname="127.0.0.1")
        if sign:
            options.update(sign(info["nonce"]))
        self.file = self.socket.makefile("rb")
        self.count = 0
        self.send("CONNECT %s\r\n" % json.dumps(options))
        self.send("SUB _TEST.* 1\r\n")
        self.ping()

    def close(self):
        self.file.close()
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())

    def read(self):
        """The next operation: its words, and its payload with headers."""
        line = self.file.readline()
        if not line:
            raise ConnectionError("closed")
        words = line.decode().split()
        body = self.file.read(int(words[-1]) + 2)[:-2] if words[0] in ("MSG", "HMSG") else b""
        if words[0] == "PING":
            self.send("PONG\r\n")
        if words[0] == "-ERR":
            raise ConnectionError(line)
        return words, body

    def ping(self):
        """Everything sent before was read by the server."""
        self.send("PING\r\n")
        while self.read()[0][0] != "PONG":
            pass

    def publish(self, subject, payload, headers=b""):
        if headers:
            block = b"NATS/1.0\r\n" + headers + b"\r\n"
            self.send(b"HPUB %s %d %d\r\n%s%s\r\n" % (subject.encode(), len(block), len(block) + len(payload), block,
                                                      payload))
        else:
            self.send(b"PUB %s %d\r\n%s\r\n" % (subject.encode(), len(payload), payload))

    def request(self, subject, body=b""):
        self.count += 1
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send(b"PUB %s _TEST.%d %d\r\n%s\r\n" % (subject.encode(), self.count, len(body), body))
        while True:
            words, answer = self.read()
            if words[0] in ("MSG", "HMSG") and words[1] == "_TEST.%d" % self.count:
                return answer

    def ask_until(self, subject, body, wanted):
        """Ask again until an answer holds `wanted`. An answer may never come: servers of a cluster that do not yet know of the
        subscription for it drop it. It may also come late: answers have a subject of their own for each call."""
        self.count += 1
        inbox = "_TEST.%d" % self.count

        def ask():
            self.send(b"PUB %s %s %d\r\n%s\r\nPING\r\n" % (subject.encode(), inbox.encode(), len(body), body))
            is_answered = False
            while True:
                words, answer = self.read()
                is_answered = is_answered or (words[0] in ("MSG", "HMSG") and words[1] == inbox and wanted in answer)
                if words[0] == "PONG":
                    return is_answered
        await_true("%s answers %r" % (subject, wanted), ask)


# ---- credentials: an operator, its accounts and their users, as nsc would make them ----

def _base64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
    return crc.to_bytes(2, "little")


class Key:
    PREFIXES = {"O": 14 << 3, "A": 0, "U": 20 << 3}

    def __init__(self, kind):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives import serialization as form
        self.key = Ed25519PrivateKey.generate()
        secret = self.key.private_bytes(form.Encoding.Raw, form.PrivateFormat.Raw, form.NoEncryption())
        public = self.key.public_key().public_bytes(form.Encoding.Raw, form.PublicFormat.Raw)
        prefix = self.PREFIXES[kind]
        self.public = self._text(bytes([prefix]) + public)
        self.seed = self._text(bytes([18 << 3 | prefix >> 5, (prefix & 31) << 3]) + secret)

    @staticmethod
    def _text(data):
        return base64.b32encode(data + _crc16(data)).rstrip(b"=").decode()

    def sign(self, text):
        return _base64(self.key.sign(text.encode()))

    def issue(self, name, subject, kind, more=None):
        """A JWT by this key."""
        claims = {"jti": name, "iat": int(time.time()), "iss": self.public, "name": name, "sub": subject,
                  "nats": {"type": kind, "version": 2, **(more or {})}}
        head = _base64(json.dumps({"typ": "JWT", "alg": "ed25519-nkey"}).encode())
        text = head + "." + _base64(json.dumps(claims).encode())
        return text + "." + self.sign(text)


class Operator:
    """An operator with an account for users and a system account."""

    def __init__(self, folder):
        self.folder, self.key = folder, Key("O")
        self.accounts = {name: Key("A") for name in ("APP", "SYS")}
        limits = {"limits": {"subs": -1, "conn": -1, "leaf": -1, "imports": -1, "exports": -1, "data": -1, "payload": -1,
                             "wildcards": True}}
        jwts = {key.public: self.key.issue(name, key.public, "account", limits)
                for name, key in self.accounts.items()}
        self.config = "operator: %s\nsystem_account: %s\nresolver: MEMORY\nresolver_preload: {\n%s\n}\n" % (
            self.key.issue("OP", self.key.public, "operator"), self.accounts["SYS"].public,
            "\n".join("  %s: %s" % pair for pair in jwts.items()))

    def user(self, account, name):
        """A file of credentials, and what a client signs with it."""
        key = Key("U")
        jwt = self.accounts[account].issue(name, key.public, "user", {"subs": -1, "data": -1, "payload": -1})
        path = self.folder(name + ".creds")
        with open(path, "w") as file:
            file.write("-----BEGIN NATS USER JWT-----\n%s\n------END NATS USER JWT------\n\n"
                       "-----BEGIN USER NKEY SEED-----\n%s\n------END USER NKEY SEED------\n" % (jwt, key.seed))
        return path, lambda nonce: {"jwt": jwt, "sig": key.sign(nonce)}


def make_certificates(folder):
    """ca.pem, server.pem and server.key for 127.0.0.1."""
    new_key = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    with open(folder("ext"), "w") as file:
        file.write("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    for args in ([*new_key, "-x509", "-keyout", folder("ca.key"), "-out", folder("ca.pem"), "-days", "30", "-subj", "/CN=CA"],
                 [*new_key, "-keyout", folder("server.key"), "-out", folder("server.csr"), "-subj", "/CN=server"],
                 ["openssl", "x509", "-req", "-in", folder("server.csr"), "-CA", folder("ca.pem"), "-CAkey", folder("ca.key"),
                  "-CAcreateserial", "-days", "30", "-extfile", folder("ext"), "-out", folder("server.pem")]):
        subprocess.run(args, check=True, capture_output=True)


# ---- logs ----

def environment():
    """Ours, without what would choose another server."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("NATS_", "TAPEDECK_LOG"))}


def tapedeck(program, *args, status=0):
    """Run it; its standard output."""
    done = subprocess.run([program, *args], capture_output=True, text=True, timeout=WAIT_S, env=environment(),
                          errors="replace")
    assert done.returncode == status, "%s: status %d\n%s%s" % (args, done.returncode, done.stdout, done.stderr)
    return done.stdout


def events(program, *logs, options=()):
    return [json.loads(line) for line in tapedeck(program, "cat", "--json", *options, *logs).splitlines()]


def messages(program, *logs):
    return [event for event in events(program, *logs) if event["kind"] == "message"]
