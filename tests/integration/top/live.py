"""`tapedeck top` of a log that a broker writes, and beside the monitoring ports of that broker and of nats-server; signals.

usage: live.py TAPEDECK. Exit status 77: there is no pyte."""
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time

try:
    from terminal import Terminal, WAIT_S
except ImportError:
    print("python3-pyte is missing")
    sys.exit(77)


def wait_for(condition, what):
    deadline = time.monotonic() + WAIT_S
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def read_ports(folder):
    """The ports that a server has written into its ports file; None as long as it has not."""
    for path in glob.glob(os.path.join(folder, "*.ports")):
        try:
            with open(path, encoding="utf-8") as file:
                ports = json.load(file)
            return int(ports["nats"][0].rsplit(":", 1)[1]), int(ports["monitoring"][0].rsplit(":", 1)[1])
        except (ValueError, KeyError, IndexError):
            return None
    return None


class Server:
    """A broker or a nats-server on ports of its own choice."""

    def __init__(self, command, folder):
        self.folder = tempfile.mkdtemp(dir=folder)
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(
                command + ["-a", "127.0.0.1", "-p", "-1", "-m", "-1", "--ports_file_dir", self.folder],
                stdout=log, stderr=log)
        self.port, self.http = wait_for(lambda: read_ports(self.folder), f"{command[0]} does not start")

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Client:
    """A connection that speaks the protocol itself."""

    def __init__(self, server, name):
        self.socket = socket.create_connection(("127.0.0.1", server.port))
        self.say(f'CONNECT {{"verbose":false,"name":"{name}","lang":"test","version":"1","headers":true}}\r\n')

    def say(self, text):
        """Say it, and wait until the server has read it."""
        self.socket.sendall(text.encode() + b"PING\r\n")
        heard = b""
        while not heard.endswith(b"PONG\r\n"):
            data = self.socket.recv(65536)
            assert data, "the server has closed the connection"
            heard += data


def publish(client, subject, payload, reply=""):
    client.say(f"PUB {subject} {reply + ' ' if reply else ''}{len(payload)}\r\n{payload}\r\n")


def shows(*texts):
    return lambda text: all(each in text for each in texts)


def follow_log(tapedeck, broker, log):
    """Messages are counted and shown as they are published; a request without a reply is listed."""
    shop = Client(broker, "shop")
    terminal = Terminal([tapedeck, "top", log, "--every", "200ms", "--unanswered", "100ms"])
    try:
        publish(shop, "orders.new", "first")
        terminal.await_text(shows("live", "orders.new"), "the first message is not counted")
        terminal.press("\r")
        terminal.await_text(shows("messages to orders.new", "first"), "the first message is not listed")
        publish(shop, "orders.new", "second")
        terminal.await_text(shows("second"), "the second message does not follow")
        terminal.press(" ")
        terminal.await_text(shows("PAUSED"), "it does not pause")
        publish(shop, "orders.new", "third")
        terminal.press("\x1b[A\x1b[A")  # obeyed while it is paused, so that what was published is not shown
        text = terminal.await_text(shows("PAUSED", "> "), "keys are not obeyed")
        assert "third" not in text
        terminal.press(" ")
        terminal.await_text(shows("third"), "it does not go on")
        terminal.press("\x1b")
        terminal.await_text(shows("msg/s▼"), "it does not go back")
        responder = Client(broker, "billing")
        responder.say("SUB billing.charge 1\r\n")
        publish(shop, "billing.charge", "{}", "_INBOX.a.1")
        terminal.press("4")
        terminal.await_text(shows("unanswered 1", "shop", "billing.charge"), "the request is not listed")
        publish(responder, "_INBOX.a.1", "ok")
        terminal.await_text(shows("unanswered 0", "every request has a reply"), "the request is still listed")
        terminal.resize(30, 100)
        terminal.await_text(lambda text: len(text.split("\n")) >= 30, "it does not draw in the new size")
        terminal.signal(signal.SIGTERM)
        assert terminal.await_end() == 0
        assert terminal.is_restored(), "SIGTERM leaves the terminal as it was drawn on"
    finally:
        terminal.close()


def stop_by_key(terminal):
    """Press Ctrl-Z, and again: ncurses ignores it while it draws."""
    deadline = time.monotonic() + WAIT_S
    while "Stopped" not in terminal.text:
        assert time.monotonic() < deadline, "Ctrl-Z does not stop it; the screen:\n" + terminal.text
        terminal.press("\x1a")
        while terminal.read(0.5):
            pass


def stop_and_continue(tapedeck, log):
    """Ctrl-Z gives the terminal back to the shell, fg takes it again."""
    terminal = Terminal(["/bin/bash", "--norc", "--noprofile", "-i"])
    try:
        terminal.press(f"{tapedeck} top {log}\r")
        terminal.await_text(shows("msg/s▼"), "it does not draw")
        stop_by_key(terminal)
        terminal.press("echo $((40 + 2))\r")
        terminal.await_text(shows("\n  42\n"), "the terminal is not given back while it is stopped")
        terminal.press("fg\r")
        terminal.await_text(lambda text: "msg/s▼" in text and "Stopped" not in text, "it does not draw again")
        terminal.press("q")
        terminal.press("exit\r")
        terminal.await_end()
    finally:
        terminal.close()


def obey_signals(tapedeck, log):
    """After a stop it takes over the terminal again, whatever was written there; SIGQUIT restores the terminal."""
    terminal = Terminal([tapedeck, "top", log])
    try:
        terminal.await_text(shows("msg/s▼"), "it does not draw")
        terminal.signal(signal.SIGSTOP)
        os.waitpid(terminal.pid, os.WUNTRACED)
        termios.tcsetattr(terminal.slave, termios.TCSANOW, terminal.before)
        terminal.stream.feed(b"\x1b[2J\x1b[Hof another program")
        terminal.signal(signal.SIGCONT)
        terminal.await_text(lambda text: "msg/s▼" in text and "another" not in text, "it does not draw again")
        assert termios.tcgetattr(terminal.slave) != terminal.before, "it does not take over the terminal again"
        terminal.signal(signal.SIGQUIT)
        assert terminal.await_end() == 0
        assert terminal.is_restored(), "SIGQUIT leaves the terminal as it was drawn on"
    finally:
        terminal.close()


def watch_server(tapedeck, server):
    """Connections and subscriptions are listed; an outage is shown."""
    shop = Client(server, "shop")
    shop.say("SUB orders.> 1\r\nSUB orders.paid workers 2\r\n")
    terminal = Terminal([tapedeck, "top", "-s", f"http://me:secret@127.0.0.1:{server.http}", "--every", "200ms"])
    try:
        terminal.await_text(shows("shop#", "127.0.0.1:", "conns 1", "in/s"), "the connection is not listed")
        terminal.press("3")
        terminal.await_text(shows("orders.>", "orders.paid"), "the subscriptions are not listed")
        terminal.press("/paid\r\r")
        terminal.await_text(shows("subscriptions to orders.paid", "queue workers", "shop#"), "no subscribers")
        server.stop()
        terminal.await_text(shows("no answer: "), "the outage is not shown")
        terminal.press("\x03")
        assert terminal.await_end() == 0
        assert b"secret" not in terminal.output, "the password is shown"
    finally:
        terminal.close()


def run_plain(tapedeck, *args, env=None):
    done = subprocess.run([tapedeck, "top", *args], capture_output=True, text=True, timeout=WAIT_S,
                          env=dict(os.environ, **(env or {})))
    return done.returncode, done.stdout, done.stderr


def print_lines(tapedeck, broker, log):
    """Without a terminal: as many tables as were asked for. A server that is away: exit status 3, and its name."""
    status, out, _ = run_plain(tapedeck, log, "-n", "2", "--every", "100ms")
    assert status == 0 and out.count("tapedeck top") == 2 and "\x1b" not in out, out
    status, out, _ = run_plain(tapedeck, "-s", str(broker.http), "-n", "1", "--view", "clients")
    assert status == 0 and "shop" in out, out
    status, _, err = run_plain(tapedeck, "-s", "127.0.0.1:1", "-n", "1")
    assert status == 3 and "127.0.0.1:1" in err, err


def show_without_cursor(tapedeck, log, kind):
    """A terminal whose cursor cannot be moved gets lines. The recorder has stopped, and so it ends."""
    terminal = Terminal([tapedeck, "top", log, "--color", "never"], TERM=kind)
    try:
        assert terminal.await_end() == 0
        assert b"recorder stopped at" in terminal.output and b"\x1b" not in terminal.output
    finally:
        terminal.close()


def main(tapedeck):
    tapedeck = os.path.abspath(tapedeck)
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log")
        broker = Server([tapedeck, "broker", "--record", log], folder)
        try:
            follow_log(tapedeck, broker, log)
            keeper = Client(broker, "shop")
            print_lines(tapedeck, broker, log)
            keeper.socket.close()
            watch_server(tapedeck, broker)
            show_without_cursor(tapedeck, log, "dumb")
            show_without_cursor(tapedeck, log, "no-such-terminal")
            stop_and_continue(tapedeck, log)
            obey_signals(tapedeck, log)
        finally:
            broker.stop()
        if shutil.which("nats-server", path=os.environ["PATH"] + ":/usr/sbin"):
            server = Server([shutil.which("nats-server", path=os.environ["PATH"] + ":/usr/sbin")], folder)
            try:
                watch_server(tapedeck, server)
            finally:
                server.stop()


if __name__ == "__main__":
    main(sys.argv[1])
