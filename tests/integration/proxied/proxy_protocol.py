"""The PROXY protocol with HAProxy as the peer: a load balancer in front of `tapedeck proxy` says who the client is, and
`tapedeck proxy` says it to a load balancer before the server. The client's own address stands in the recording and in log lines.

  proxy_protocol.py TAPEDECK"""

import contextlib
import json
import os
import socket
import ssl
import subprocess
import sys

import proxies
import running
from proxies import Client, await_line
from running import WAIT_S, expect

CLIENT_IP = "127.0.0.5"


def addresses(tapedeck, log):
    """Of all connections in a log."""
    command = (tapedeck, "cat", log, "--json", "--kind", "connect")
    lines = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.splitlines()
    return {json.loads(line)["address"] for line in lines}


def talk(port):
    """A conversation through everything. Returns the address of the client."""
    client = Client(port, CLIENT_IP)
    client.send(b"PUB a 2\r\nhi\r\n")
    client.flush()
    client.close()
    return client.address


def recorded_behind_haproxy(tapedeck, folder, version):
    """HAProxy → tapedeck → nats-server."""
    log = os.path.join(folder, "recorded-" + version)
    with contextlib.ExitStack() as stack:
        _, server = stack.enter_context(running.server(folder, "nats-server"))
        process, port, lines = stack.enter_context(
            proxies.proxy(folder, tapedeck, server, "--accept-proxy", "--record", log))
        balancer, _ = stack.enter_context(proxies.haproxy(folder, port, send=version))
        address = talk(balancer)
        expect(address.startswith(CLIENT_IP), "the client has an address of its own")
        await_line(lines, f"{address} - cid:1 - Client connection closed")
        running.end(process)
    expect(addresses(tapedeck, log) == {address}, f"{version}: the recording names the client")


def secured_behind_haproxy(tapedeck, folder):
    """A client with TLS → HAProxy → tapedeck, where TLS ends → nats-server: the header comes before the handshake."""
    log, certificate = os.path.join(folder, "secured"), os.path.join(folder, "certificate.pem")
    key = os.path.join(folder, "key.pem")
    subprocess.run(("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                    "-subj", "/CN=localhost"), check=True, stderr=subprocess.DEVNULL)
    context = ssl.create_default_context(cafile=certificate)
    with contextlib.ExitStack() as stack:
        _, server = stack.enter_context(running.server(folder, "nats-server"))
        options = ("--accept-proxy", "--tls-cert", certificate, "--tls-key", key, "--record", log)
        process, port, lines = stack.enter_context(proxies.proxy(folder, tapedeck, server, *options))
        balancer, _ = stack.enter_context(proxies.haproxy(folder, port, send="send-proxy-v2"))
        plain = stack.enter_context(socket.create_connection(("127.0.0.1", balancer), WAIT_S, (CLIENT_IP, 0)))
        address, info = "%s:%d" % plain.getsockname(), b""
        while not info.endswith(b"\r\n"):
            info += plain.recv(1)
        expect(b'"tls_required":true' in info, "INFO asks for TLS")
        secure = stack.enter_context(context.wrap_socket(plain, server_hostname="localhost"))
        secure.sendall(b'CONNECT {"verbose":false}\r\nPING\r\n')
        expect(secure.recv(6) == b"PONG\r\n", "the server answers through TLS")
        secure.close()
        await_line(lines, f"{address} - cid:1 - Client connection closed")
        running.end(process)
    expect(addresses(tapedeck, log) == {address}, "the recording names the client that speaks TLS")


def announced_to_haproxy(tapedeck, folder, version):
    """tapedeck → HAProxy → nats-server. The proxy's own checks have no client."""
    with contextlib.ExitStack() as stack:
        _, server = stack.enter_context(running.server(folder, "nats-server"))
        balancer, lines = stack.enter_context(proxies.haproxy(folder, server, accept="accept-proxy"))
        _, port, _ = stack.enter_context(proxies.proxy(folder, tapedeck, balancer, "--send-proxy", version))
        await_line(lines, "from 127.0.0.1:")  # a check
        await_line(lines, f"from {talk(port)}\n")


def passed_on(tapedeck, folder):
    """HAProxy → tapedeck → HAProxy → nats-server, with a header of each version."""
    with contextlib.ExitStack() as stack:
        _, server = stack.enter_context(running.server(folder, "nats-server"))
        inner, lines = stack.enter_context(proxies.haproxy(folder, server, accept="accept-proxy"))
        options = ("--accept-proxy-from", "10.0.0.0/8,127.0.0.0/8", "--send-proxy", "v1")
        _, port, _ = stack.enter_context(proxies.proxy(folder, tapedeck, inner, *options))
        outer, _ = stack.enter_context(proxies.haproxy(folder, port, send="send-proxy-v2"))
        await_line(lines, f"from {talk(outer)}\n")


def refused(tapedeck, folder):
    """A client without a header is refused with a log line, and the others go on."""
    with contextlib.ExitStack() as stack:
        _, server = stack.enter_context(running.server(folder, "nats-server"))
        _, port, lines = stack.enter_context(proxies.proxy(folder, tapedeck, server, "--accept-proxy"))
        silent = stack.enter_context(socket.create_connection(("127.0.0.1", port), WAIT_S))
        direct = stack.enter_context(socket.create_connection(("127.0.0.1", port), WAIT_S))
        direct.sendall(b'CONNECT {"verbose":false}\r\nPING\r\n')
        with contextlib.suppress(ConnectionResetError):
            expect(direct.recv(1) == b"", "a client without a header gets no INFO")
        await_line(lines, "Client refused: not a header of the PROXY protocol")
        balancer, _ = stack.enter_context(proxies.haproxy(folder, port, send="send-proxy"))
        talk(balancer)
        with contextlib.suppress(ConnectionResetError):
            expect(silent.recv(1) == b"", "a client that sends nothing gets no INFO")
        await_line(lines, "Client refused: no header of the PROXY protocol within 5 s")


def believed_of_the_networks_only(tapedeck, folder):
    """A client from elsewhere cannot say that it is another one: its header is an unknown operation for the server."""
    with contextlib.ExitStack() as stack:
        _, server = stack.enter_context(running.server(folder, "nats-server"))
        options = ("--accept-proxy-from", "10.0.0.0/8")
        _, port, _ = stack.enter_context(proxies.proxy(folder, tapedeck, server, *options))
        forger = stack.enter_context(socket.create_connection(("127.0.0.1", port), WAIT_S))
        forger.sendall(b"PROXY TCP4 10.0.0.9 10.0.0.1 1 2\r\n")
        stream = stack.enter_context(forger.makefile("rb"))
        expect(stream.readline().startswith(b"INFO "), "a client from elsewhere is taken as it is")
        expect(b"Unknown Protocol" in stream.readline(), "its header is not believed")
        talk(port)


def main():
    tapedeck = sys.argv[1]
    proxies.require("nats-server", "haproxy")
    with running.open_folder("proxy-protocol") as folder:
        for version in ("send-proxy", "send-proxy-v2"):
            recorded_behind_haproxy(tapedeck, folder, version)
        secured_behind_haproxy(tapedeck, folder)
        for version in ("v1", "v2"):
            announced_to_haproxy(tapedeck, folder, version)
        passed_on(tapedeck, folder)
        refused(tapedeck, folder)
        believed_of_the_networks_only(tapedeck, folder)


if __name__ == "__main__":
    main()
