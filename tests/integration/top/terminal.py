"""A program at a pseudo-terminal, and the screen that it draws there. pyte is a terminal of the kind "linux"."""
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

import pyte

WAIT_S = 60


class Terminal:
    """Run a program at a terminal of its own; `text` is what its screen shows."""

    def __init__(self, args, rows=24, columns=80, **environment):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.output = b""
        env = {"PATH": os.environ["PATH"], "TERM": "linux", "TZ": "UTC", "LC_ALL": "C.UTF-8"}
        for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        env.update(environment)
        master, slave = pty.openpty()
        self.fd, self.slave = master, slave
        self.resize(rows, columns, tell=False)
        self.before = termios.tcgetattr(slave)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(slave, fd)
            os.closerange(3, 256)
            os.execve(args[0], args, env)
        self.status = None

    def resize(self, rows, columns, tell=True):
        self.screen.resize(rows, columns)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if tell:
            self.signal(signal.SIGWINCH)

    def press(self, keys):
        os.write(self.fd, keys.encode())

    def signal(self, number):
        os.kill(self.pid, number)

    def read(self, seconds):
        """Take in what the program writes, as long as it writes and for so long after that. True when there was something."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        data = os.read(self.fd, 65536) if ready else b""
        self.output += data
        self.stream.feed(data)
        return bool(data)

    @property
    def text(self):
        """The lines of the screen; a highlighted one begins with "> "."""
        lines = []
        for y, line in enumerate(self.screen.display):
            cells = self.screen.buffer[y]
            marked = cells[1].reverse and cells[self.screen.columns - 1].reverse and line.strip()
            lines.append((("> " if marked else "  ") + line.rstrip()).rstrip())
        return "\n".join(lines).rstrip() + "\n"

    def await_text(self, holds, what):
        """Wait until the screen's text holds, as the function says; fail at the deadline, showing the screen."""
        deadline = time.monotonic() + WAIT_S
        while not holds(self.text):
            if time.monotonic() > deadline:
                raise AssertionError(f"{what}; the screen:\n{self.text}")
            self.read(0.05)
        return self.text

    def settle(self):
        """The screen after it has changed, when nothing more has been written for a while."""
        wait = 8
        while self.read(wait):
            wait = 0.7
        return self.text

    def await_end(self):
        """The exit status; minus the signal that ended the program."""
        deadline = time.monotonic() + WAIT_S
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                while self.read(0):
                    pass
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > deadline:
                raise AssertionError(f"it does not end; the screen:\n{self.text}")
            self.read(0.02)

    def is_restored(self):
        """The terminal's settings are those from before the program, and the other screen is shown."""
        return termios.tcgetattr(self.slave) == self.before and \
            self.output.rfind(b"\x1b[?1049l") >= self.output.rfind(b"\x1b[?1049h")

    def close(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.slave)
        os.close(self.fd)
