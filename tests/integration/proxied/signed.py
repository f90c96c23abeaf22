"""With --proxy-key the CONNECT of a client reaches a server that may trust proxies with a signature, and any other server as it was.
Neither the key nor the signature reaches a log. The server is played by this test.

  signed.py TAPEDECK"""

import contextlib
import os
import re
import socket
import sys
import threading

import proxies
import running
from running import WAIT_S, expect

SEED = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"  # of the NATS documentation
CONNECT = b'CONNECT {"user":"a","verbose":false}\r\nPING\r\n'


def greet(listening, info):
    """Accept a connection that sends something: others are checks of the proxy. Returns the stream of its lines."""
    while True:
        connection, _ = listening.accept()
        connection.settimeout(WAIT_S)
        connection.sendall(info)
        stream = connection.makefile("rb")
        line = stream.readline()
        if line:
            return line + stream.readline()


def join(port):
    """A client: it answers INFO with CONNECT."""
    with socket.create_connection(("127.0.0.1", port), WAIT_S) as client:
        if client.recv(1 << 16):
            client.sendall(CONNECT)


def through(tapedeck, folder, info):
    """What a server gets from a client, and all that the proxy has logged and recorded."""
    key, record = os.path.join(folder, "proxy.nk"), os.path.join(folder, "log")
    with open(key, "w", encoding="utf-8") as file:
        file.write(SEED)
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listening.getsockname()[1]
        options = ("--proxy-key", key, "--record", record)
        process, port, lines = stack.enter_context(proxies.proxy(folder, tapedeck, port, *options))
        client = threading.Thread(target=join, args=(port,))
        client.start()
        received = greet(listening, info)
        client.join()
        running.end(process)
        kept = proxies.read(lines)
    for name in os.listdir(record):
        kept += proxies.read(os.path.join(record, name))
    return received, kept


def main():
    tapedeck = sys.argv[1]
    head = b'INFO {"server_id":"N","version":"2.12.0","max_payload":1048576,"headers":true,"nonce":"jxN3QGRCGHhgzWk"'
    with running.open_folder("signed") as folder:
        received, kept = through(tapedeck, folder, head + b',"api_lvl":2}\r\n')
        wanted = rb'CONNECT \{"user":"a","verbose":false,"proxy_sig":"([-_0-9A-Za-z]{86})"\}\r\nPING\r\n'
        found = re.fullmatch(wanted, received)
        expect(found, f"CONNECT is signed: {received!r}")
        expect(found[1].decode() not in kept and SEED not in kept, "no secret is logged")
        expect(through(tapedeck, folder, head + b'}\r\n')[0] == CONNECT, "an older server gets CONNECT as it was")


if __name__ == "__main__":
    main()
