"""The terminal as a person sees it: the pager, the progress of a long read, lines that are being followed.

  check.py TAPEDECK WRITE_SAMPLES

A pseudo-terminal is the terminal; `sed` and `head` are the pagers."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

TAPEDECK, WRITE_SAMPLES = (os.path.abspath(path) for path in sys.argv[1:3])
WAIT_S = 60
PAGER = {"TAPEDECK_PAGER": "sed s/^/P:/"}


def expect(condition, claim, seen=b""):
    if not condition:
        raise SystemExit(f"not so: {claim}; seen: {seen!r}")


class Terminal:
    """A shell command at a terminal of 24 rows. It is killed when it takes too long."""

    def __init__(self, command, columns=80, environment=None):
        self.seen = b""
        self.deadline = time.monotonic() + WAIT_S
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            values = {"PATH": os.path.dirname(TAPEDECK) + ":/usr/bin:/bin", "TERM": "xterm", "TZ": "UTC", "LC_ALL": "C.UTF-8"}
            os.execve("/bin/sh", ["sh", "-c", command], values | (environment or {}))

    def read(self):
        """Wait for more output. False at its end."""
        ready, _, _ = select.select([self.fd], [], [], max(0, self.deadline - time.monotonic()))
        if not ready:
            os.kill(self.pid, signal.SIGKILL)
            raise SystemExit(f"not so: the command ends; seen: {self.seen!r}")
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        self.seen += data
        return data != b""

    def read_until(self, text):
        while text not in self.seen:
            expect(self.read(), f"{text!r} is printed", self.seen)

    def end(self):
        """Returns the exit status and the output."""
        while self.read():
            pass
        os.close(self.fd)
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status), self.seen.replace(b"\r\n", b"\n")


def run(command, **options):
    return Terminal(command, **options).end()


def long_output_goes_through_the_pager_with_its_colours():
    status, seen = run("tapedeck cat log -n 1", environment=PAGER)
    expect(status == 0 and seen.startswith(b"P:\x1b["), "the pager gets coloured lines", seen)
    for command in ("stat log", "doctor log", "trace log --latency", "help cat"):
        _, seen = run("tapedeck " + command, environment=PAGER)
        expect(seen.startswith(b"P:") and b"\nP:" in seen + b"\nP:", f"{command} goes through the pager", seen)


def the_width_is_that_of_the_terminal_not_of_the_pipe():
    _, seen = run("tapedeck cat log --color never -n 4", columns=80, environment={"TAPEDECK_PAGER": "sed -n 4p"})
    expect(seen.startswith(b"07:57:19.002 conn  "), "a line for 80 columns", seen)


def no_pager_is_used_where_none_is_wanted():
    for command in ("cat log -n 1 --no-pager", "cat log -n 1 | cat"):
        _, seen = run("tapedeck " + command, environment=PAGER)
        expect(b"P:" not in seen, f"{command} uses no pager", seen)
    for none in ("", "no-such-pager"):
        _, seen = run("tapedeck cat log -n 1 --color never", environment={"TAPEDECK_PAGER": none})
        expect(seen.startswith("──".encode()), f"pager {none!r} means none", seen)


def a_pager_changes_no_exit_status():
    environment = {"TAPEDECK_PAGER": "head -n 1"}
    status, seen = run("for i in 1 2 3 4 5 6 7 8 9; do cp log/*.seg big.$i.seg; done; tapedeck cat big.*.seg -v", environment=environment)
    expect(status == 0, "leaving the pager is no error", seen)
    status, seen = run("tapedeck cat damaged", environment=environment)
    expect(status == 1, "damage is still the exit status", seen)
    expect(seen.rstrip().endswith(b"says where"), "errors come after the pager's output", seen)


def a_slow_read_says_how_far_it_is():
    """A capture whose bytes come bit by bit."""
    with open("captures/plain.pcap", "rb") as file:
        capture = file.read()
    os.mkfifo("slow")
    terminal = Terminal("tapedeck sniff --read slow nothing >printed")
    with open("slow", "wb", buffering=0) as slow:
        slow.write(capture[:24])
        while b"reading" not in terminal.seen and time.monotonic() < terminal.deadline:
            slow.write(capture[24:])
            if select.select([terminal.fd], [], [], 0.05)[0]:
                terminal.read()
    _, seen = terminal.end()
    expect(b"\rreading slow, " in seen, "the progress is shown", seen)
    expect(b"\r\x1b[Ktapedeck sniff: " in seen, "the line is removed before the summary", seen)


def followed_lines_come_at_once_and_without_a_pager():
    for columns, line in ((80, "07:57:19.600 mark  deploy of checkout 7"), (120, "07:57:19.600123 mark  deploy of checkout 7")):
        terminal = Terminal("exec tapedeck tail log --color never -q", columns=columns, environment=PAGER)
        terminal.read_until(line.encode())
        os.kill(terminal.pid, signal.SIGINT)
        status, seen = terminal.end()
        expect(status == 0 and b"P:" not in seen and seen.rstrip().endswith(line.encode()), "tail ends with its last line", seen)


def a_log_may_be_given_by_the_environment():
    environment = {"TAPEDECK_LOG": "log", "TAPEDECK_PAGER": "cat"}
    for command in ("tapedeck cat orders.new -n 1 --format {seq}", "tapedeck cat -n 1 --format {seq}"):
        status, seen = run(command, environment=environment)
        expect((status, seen) == (0, b"4\n"), command, seen)
    status, seen = run("tapedeck cat order.new", environment=environment)
    seen = seen.replace(b"\n  ", b" ")  # errors are wrapped
    expect(b'"log" has no subject "order.new" (did you mean "orders.new"?)' in seen, "a misspelt subject is named", seen)
    status, seen = run("tapedeck stat", environment={"TAPEDECK_LOG": "gone"})
    expect(status == 4 and b'the log "gone" that TAPEDECK_LOG names' in seen, "a missing log is named", seen)


def a_log_given_twice_is_read_once():
    os.symlink("log", "link")
    for command in ("tapedeck cat link ./log/", "tapedeck cat log/*.seg log link/*.seg"):
        status, seen = run(command + " --kind mark --format '{seq}'", environment={"TAPEDECK_PAGER": "cat"})
        expect((status, seen) == (0, b"13\n"), command, seen)


def main():
    tests = [
        long_output_goes_through_the_pager_with_its_colours,
        the_width_is_that_of_the_terminal_not_of_the_pipe,
        no_pager_is_used_where_none_is_wanted,
        a_pager_changes_no_exit_status,
        a_slow_read_says_how_far_it_is,
        followed_lines_come_at_once_and_without_a_pager,
        a_log_may_be_given_by_the_environment,
        a_log_given_twice_is_read_once,
    ]
    with tempfile.TemporaryDirectory(prefix="tapedeck-terminal-") as folder, contextlib.chdir(folder):
        subprocess.run([WRITE_SAMPLES], check=True)
        for test in tests:
            test()


main()
