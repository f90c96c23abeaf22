"""Run a recording broker and the demo's platform on it, for a few seconds."""
import contextlib
import glob
import json
import os
import re
import subprocess
import sys
import time

DEADLINE_S = 60
SKIPPED = 77


def knows(tapedeck, command):
    """True when the program has the command."""
    return subprocess.run([tapedeck, command, "--help"], capture_output=True).returncode == 0


def skip_unless(tapedeck, *commands):
    for command in commands:
        if not knows(tapedeck, command):
            print(f"skipped: no tapedeck {command}")
            sys.exit(SKIPPED)


@contextlib.contextmanager
def broker(tapedeck, config, folder):
    """A broker that records into folder/log; yields its URL."""
    ports = os.path.join(folder, "ports")
    os.makedirs(ports, exist_ok=True)
    process = subprocess.Popen(
        [tapedeck, "broker", "-c", config, "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", ports, "--record",
         os.path.join(folder, "log"), "--record-detail", "protocol", "-l", os.path.join(folder, "broker.txt")])
    try:
        yield await_url(process, ports)
    finally:
        process.terminate()
        process.wait(DEADLINE_S)


def await_url(process, ports):
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        assert process.poll() is None, "the broker has ended"
        for path in glob.glob(os.path.join(ports, "*.ports")):
            with open(path, encoding="utf-8") as file:
                found = re.search(r"nats://[0-9.:]+", file.read())
            if found:
                return found.group()
        time.sleep(0.01)
    raise AssertionError("the broker does not listen")


def run_platform(demo, url, truth, *options):
    os.makedirs(truth, exist_ok=True)
    subprocess.run([demo, "--url", url, "--truth", truth, *options], check=True, timeout=10 * DEADLINE_S)


def record_platform(tapedeck, demo, source, folder, *options):
    """Run both in a folder; the log, and the folder of the truth."""
    log, truth = os.path.join(folder, "log"), os.path.join(folder, "truth")
    with broker(tapedeck, os.path.join(source, "demo", "broker.conf"), folder) as url:
        run_platform(demo, url, truth, *options)
    return log, truth


def read_log(tapedeck, log, *options):
    printed = subprocess.run([tapedeck, "cat", log, "--json", *options], stdout=subprocess.PIPE, check=True, text=True)
    return [json.loads(line) for line in printed.stdout.splitlines()]
