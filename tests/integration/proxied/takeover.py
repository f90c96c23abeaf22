"""With --reuse-port a new proxy takes over while the old one drains: clients that connect as fast as they can, one after the
other, get an INFO each time, and clients that were connected before go on.

  takeover.py TAPEDECK"""

import contextlib
import signal
import socket
import sys
import threading

import proxies
import running
from proxies import Client, await_line
from running import WAIT_S, expect, wait_for

CLIENTS = 16
TAKEOVERS = 6


class Newcomers:
    """Threads that connect, read the INFO and close, without a pause."""

    def __init__(self, port):
        self.port, self.failures, self.counts, self.is_over = port, [], [0] * CLIENTS, False
        self.threads = [threading.Thread(target=self.connect, args=(i,)) for i in range(CLIENTS)]

    def connect(self, number):
        while not self.is_over:
            try:
                with socket.create_connection(("127.0.0.1", self.port), WAIT_S) as connection:
                    if not connection.recv(5) == b"INFO ":
                        raise ConnectionError("closed without an INFO")
                self.counts[number] += 1
            except OSError as error:
                self.failures.append(repr(error))

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.is_over = True
        for thread in self.threads:
            thread.join()

    def go_on(self):
        """Wait until each thread has connected twice more."""
        seen = list(self.counts)
        wait_for(lambda: all(now >= before + 2 for now, before in zip(self.counts, seen)), "newcomers connect")


def take_over(tapedeck, folder):
    with contextlib.ExitStack() as stack:
        _, server = stack.enter_context(running.server(folder, "nats-server"))
        old, port, lines = stack.enter_context(proxies.proxy(folder, tapedeck, server, "--reuse-port"))
        newcomers = Newcomers(port)
        stack.callback(newcomers.stop)
        newcomers.start()
        for _ in range(TAKEOVERS):
            stayer = Client(port)
            newcomers.go_on()
            options = ("--reuse-port", "--listen", f"127.0.0.1:{port}")
            new, _, new_lines = stack.enter_context(proxies.proxy(folder, tapedeck, server, *options))
            await_line(new_lines, "Listening for client connections")
            newcomers.go_on()
            old.send_signal(signal.SIGUSR2)
            await_line(lines, "Draining: no new connections")
            newcomers.go_on()
            stayer.flush()
            stayer.close()
            # One of the two has the client that stayed; both serve until the old one has no client left.
            expect(old.wait(WAIT_S) == 0, "the old proxy ends when its last client has gone")
            newcomers.go_on()
            old, lines = new, new_lines
        newcomers.stop()
        count = sum(newcomers.counts)
    print(f"{count} connections, {len(newcomers.failures)} failed")
    expect(not newcomers.failures, f"no connection fails: {newcomers.failures[:3]}")


def main():
    proxies.require("nats-server")
    with running.open_folder("takeover") as folder:
        take_over(sys.argv[1], folder)


if __name__ == "__main__":
    main()
