"""Every command of docs/cookbook.md prints what stands below it.

Usage: cookbook.py [-u] TAPEDECK WRITE_SAMPLES COOKBOOK

Runs the commands of the blocks marked as console, in order, by sh, in a folder that holds the sample log `log`, on a terminal
of 100 columns, and compares what they print with the lines below them. -u writes what they print into the cookbook.
A command whose exit status is not 0 is followed by a line `(exit status N)`.
"""
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios

COLUMNS = 100
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LEAST_QUESTIONS = 40
TIMEOUT_S = 60


def environment(tapedeck):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NATS_", "TAPEDECK"))}
    path = os.pathsep.join([os.path.dirname(os.path.realpath(tapedeck)), kept.get("PATH", "/usr/bin:/bin")])
    return {**kept, "PATH": path, "TZ": "UTC", "TERM": "dumb", "LC_ALL": "C.UTF-8", "PAGER": "cat", "NO_COLOR": "1"}


def run(command, folder, env):
    """The output of the command on a terminal, and its exit status."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    child = subprocess.Popen(["/bin/sh", "-c", command], cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=end,
                             stderr=end, start_new_session=True)
    os.close(end)
    printed = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # the last process that had the terminal open has closed it
            break
        if not piece:
            break
        printed += piece
    os.close(terminal)
    status = child.wait(TIMEOUT_S)
    text = printed.decode().replace("\r\n", "\n")
    return text + (f"(exit status {status})\n" if status else "")


def play(block, folder, env):
    """The block with what its commands print now."""
    commands = re.findall(r"^\$ ((?:.*\\\n)*.*)$", block, re.MULTILINE)
    return "".join(f"$ {command}\n{run(command, folder, env)}" for command in commands)


def main():
    refreshes = sys.argv[1] == "-u"
    tapedeck, write_samples, path = sys.argv[-3:]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    wrong = []
    with tempfile.TemporaryDirectory(prefix="tapedeck-cookbook-") as folder:
        subprocess.run([os.path.abspath(write_samples), "platform"], cwd=folder, check=True)
        env = environment(tapedeck)

        def replay(match):
            played = play(match.group(1), folder, env)
            if played != match.group(1):
                wrong.append((match.group(1), played))
            return f"```console\n{played}```"

        replayed = BLOCK.sub(replay, text)
    questions = text.count("\n### ")
    assert questions >= LEAST_QUESTIONS, f"{path}: only {questions} questions"
    if refreshes:
        with open(path, "w", encoding="utf-8") as file:
            file.write(replayed)
        return
    for expected, got in wrong:
        print(f"--- {path} says\n{expected}--- it prints\n{got}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


main()
