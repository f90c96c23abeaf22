"""Segments are shipped while they are recorded, to a WebDAV server from Debian, and come back equal.

  shipping.py TAPEDECK"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile

from running import Broker, await_that, equal, run

TAPEDECK = sys.argv[1]
FOLDER = tempfile.mkdtemp()


def in_folder(name):
    return os.path.join(FOLDER, name)


def messages(first, count):
    return [(b"orders.new", b'{"number":%d,"text":"%s"}' % (i, b"x" * (i % 50))) for i in range(first, first + count)]


def segments_in(folder):
    return sorted(name for name in os.listdir(folder) if name.endswith(".seg")) if os.path.isdir(folder) else []


def is_shipped(log, remote):
    return segments_in(log) and segments_in(log)[:-1] == segments_in(remote)[: len(segments_in(log)) - 1]


def paths_are_no_shell_text():
    """A log whose name would be a command, if it were part of the command's text."""
    log, out = in_folder("a $(touch broken) 'b\"; touch worse;"), in_folder("copies")
    os.mkdir(out)
    os.environ["OUT"] = out
    broker = Broker(TAPEDECK, log, "--on-segment-closed", 'cp "$1" "$OUT" && test "$1" = "$TAPEDECK_SEGMENT"')
    broker.publish(messages(0, 10))
    said = broker.end()
    assert "1 segments were shipped, the command failed 0 times" in said, said
    assert segments_in(out) == segments_in(log)
    assert not os.path.exists("broken") and not os.path.exists("worse")
    print("paths: ok")


def failures_are_counted_and_made_up_for():
    """The remote place is away at first; a restart continues where the recording before it ended."""
    log, out = in_folder("log"), in_folder("away")
    flags = ["--record-segment-age=200ms", "--on-segment-closed", f'cp "$1" {out}/']
    broker = Broker(TAPEDECK, log, *flags)
    broker.publish(messages(0, 100))
    await_that(lambda: broker.recording()["ship_failures"] > 0, "a failure is counted")
    broker.publish(messages(100, 100))
    assert broker.recording()["lost_messages"] == 0
    assert "the command of --on-segment-closed failed for" in broker.end(signal.SIGKILL)
    os.mkdir(out)
    broker = Broker(TAPEDECK, log, *flags)
    await_that(lambda: broker.recording()["shipped_segments"] > 0, "segments of the recording before are shipped")
    broker.publish(messages(200, 100))
    said = broker.end()
    assert segments_in(out) == segments_in(log), said
    equal(TAPEDECK, log, out)
    print("failures: ok")


def what_retention_deletes_first_is_reported():
    log = in_folder("short")
    broker = Broker(TAPEDECK, log, "--record-segment-size=1k", "--record-retain-size=20k", "--on-segment-closed", "false")
    for part in range(100):
        broker.publish(messages(part * 100, 100))
        if broker.recording()["unshipped_segments"] > 3 and segments_in(log)[0] != f"{1:020}.seg":
            break
    await_that(lambda: segments_in(log)[0] != f"{1:020}.seg", "retention deletes the first segment")
    broker.end()
    broker = Broker(TAPEDECK, log, "--on-segment-closed", "true")
    await_that(lambda: broker.recording()["shipped_segments"] > 0, "the rest is shipped")
    broker.end()
    print("retention: ok")


def a_note_of_another_log_is_ignored():
    log, out = in_folder("replaced"), in_folder("all")
    os.mkdir(out)
    os.mkdir(log)
    with open(os.path.join(log, ".shipped"), "w", encoding="utf-8") as file:
        file.write("1000000\n")
    broker = Broker(TAPEDECK, log, "--on-segment-closed", f'cp "$1" {out}/')
    broker.publish(messages(0, 10))
    said = broker.end()
    assert '".shipped" is of another log' in said, said
    assert segments_in(out) == segments_in(log), said
    print("another log: ok")


def a_segment_that_cannot_be_read_is_reported():
    log, out = in_folder("unreadable"), in_folder("readable")
    broker = Broker(TAPEDECK, log, "--record-segment-age=200ms", "--on-segment-closed", f'cp "$1" {out}/')
    for part in range(3):
        broker.publish(messages(part * 100, 100))
        await_that(lambda: len(segments_in(log)) > part and broker.recording()["unshipped_segments"] > part, "a segment is closed")
    segment = os.path.join(log, segments_in(log)[1])
    os.truncate(segment, os.path.getsize(segment) - 10)
    os.mkdir(out)
    await_that(lambda: len(segments_in(out)) == 1, "the segment before it is shipped")
    failures = broker.recording()["ship_failures"]
    await_that(lambda: broker.recording()["ship_failures"] > failures, "it is tried again")
    said = broker.end()
    assert f"cannot ship {segment}" in said.replace("\n", " "), said
    print("unreadable: ok")


class WebDav:
    """`rclone serve webdav` on a folder, on a port that the kernel picks."""

    def __init__(self, root):
        command = ["rclone", "serve", "webdav", root, "--addr", "127.0.0.1:0"]
        self.errors = open(in_folder("webdav"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(command, stderr=self.errors, env={**os.environ, "HOME": FOLDER})
        self.url = await_that(self.read_url, "the WebDAV server listens")

    def read_url(self):
        with open(in_folder("webdav"), encoding="utf-8") as file:
            words = [word.strip("[]/") for word in file.read().split() if word.strip("[").startswith("http://127.")]
        return words[0] if words else None

    def end(self):
        self.process.terminate()
        self.process.wait()


def a_log_comes_back_from_a_webdav_server():
    if not shutil.which("rclone"):
        print("WebDAV: left out, since rclone is not installed")
        return
    log, back, root = in_folder("recorded"), in_folder("back"), in_folder("store")
    os.mkdir(root)
    server = WebDav(root)
    os.environ.update(HOME=FOLDER, RCLONE_CONFIG_STORE_TYPE="webdav", RCLONE_CONFIG_STORE_URL=server.url)
    broker = Broker(TAPEDECK, log, "--record-segment-age=200ms", "--on-segment-closed", 'rclone copy "$1" store:log')
    for part in range(3):
        broker.publish(messages(part * 100, 100))
        await_that(lambda: broker.recording()["shipped_segments"] > part, "a segment is shipped")
    said = broker.end()
    run("rclone", "copy", "store:log", back)
    server.end()
    assert segments_in(back) == segments_in(log), said
    run(TAPEDECK, "verify", back)
    equal(TAPEDECK, log, back)
    print("WebDAV: ok")


paths_are_no_shell_text()
failures_are_counted_and_made_up_for()
what_retention_deletes_first_is_reported()
a_note_of_another_log_is_ignored()
a_segment_that_cannot_be_read_is_reported()
a_log_comes_back_from_a_webdav_server()
shutil.rmtree(FOLDER)
