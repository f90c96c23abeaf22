"""SIGHUP reads the options of --config again: new clients go to the new servers, clients that are there stay, and what takes effect
with a restart is reported. A file that is unusable changes nothing.

  reload.py TAPEDECK"""

import contextlib
import json
import os
import signal
import sys

import proxies
import running
from proxies import Client, await_line
from running import expect


def name_of(client):
    return json.loads(client.info[len(b"INFO "):])["server_id"]


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def reload(process, lines, line):
    process.send_signal(signal.SIGHUP)
    await_line(lines, line)


def run(tapedeck, folder):
    config = os.path.join(folder, "proxy.conf")
    with contextlib.ExitStack() as stack:
        first, second = (stack.enter_context(running.server(folder, "nats-server"))[1] for _ in range(2))
        write(config, f'upstream: ["127.0.0.1:{first}"]\nmemory: 16MiB\n')
        process, port, lines = stack.enter_context(proxies.proxy(folder, tapedeck, None, "--config", config))
        old = Client(port)
        write(config, f'upstream: "127.0.0.1:{second}" # moved\nadvertise: ["p2:4222", "p3:4222"]\nmemory: 64MiB\n')
        reload(process, lines, "Not reloaded: memory takes effect with a restart")
        await_line(lines, "Reloaded: upstream")
        new = Client(port)
        expect(name_of(new) != name_of(old), "new clients go to the other server")
        expect(b'"connect_urls":["p2:4222","p3:4222"]' in new.info, "INFO names the advertised proxies")
        old.flush()
        write(config, "upstream: { here: 1 }\n")
        reload(process, lines, "is unusable, nothing has changed")
        expect(name_of(Client(port)) == name_of(new), "an unusable file changes nothing")
        old.flush()


def main():
    proxies.require("nats-server")
    with running.open_folder("reload") as folder:
        run(sys.argv[1], folder)


if __name__ == "__main__":
    main()
