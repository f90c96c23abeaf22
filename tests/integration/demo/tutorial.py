"""Every command of docs/tutorial.md works, and doctor finds every planted fault in the log of its run.

Usage: tutorial.py TAPEDECK DEMO SOURCE_DIR

Runs the blocks marked as sh in order, line by line, in a folder that looks like the source tree but holds the
programs under test. Each command must print something and end with 0; `tapedeck doctor` must end with 1,
because it finds something critical. The commands that install and build are those of script/demo and are left out.
"""
import os
import re
import subprocess
import sys
import tempfile

from faults import finds_all
from running import record_platform, skip_unless

TAPEDECK, DEMO, SOURCE = sys.argv[1:4]
TIMEOUT_S = 200
STATUS = {"tapedeck doctor": 1}
QUIET = ("export ", "cd ")


def commands():
    with open(os.path.join(SOURCE, "docs", "tutorial.md"), encoding="utf-8") as file:
        blocks = re.findall(r"^```sh\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


def link_tree(folder):
    """The source tree as script/demo and the tutorial see it, with the programs under test as its release build."""
    for name in ("script", "demo"):
        os.symlink(os.path.join(SOURCE, name), os.path.join(folder, name))
    for name, program in (("cli/tapedeck", TAPEDECK), ("demo/demo", DEMO)):
        path = os.path.join(folder, "build", "release", name)
        os.makedirs(os.path.dirname(path))
        os.symlink(program, path)


def expected_status(command):
    return next((status for start, status in STATUS.items() if command.startswith(start)), 0)


def run(shell, command):
    """Run a line in the shell; (exit status, what it printed)."""
    marker = "__status__"
    shell.stdin.write(f"{command}\necho {marker} $?\n")
    shell.stdin.flush()
    printed = []
    for line in shell.stdout:
        if line.startswith(marker):
            return int(line.split()[1]), "".join(printed)
        printed.append(line)
    raise AssertionError(f"the shell ended at: {command}\n{''.join(printed)}")


def check(shell, command):
    status, printed = run(shell, command)
    assert status == expected_status(command), f"{command}: exit status {status}\n{printed}"
    assert "ended with an error" not in printed, f"{command}: {printed}"
    assert printed or command.startswith(QUIET), f"{command}: printed nothing"
    print(f"ok: {command}")


def check_faults(folder):
    """A busy machine may hide a fault: then once more."""
    if not finds_all(TAPEDECK, DEMO, os.path.join(folder, "demo-log", "log")):
        again, _ = record_platform(TAPEDECK, DEMO, SOURCE, os.path.join(folder, "again"), "--seconds", "60", "--faults")
        assert finds_all(TAPEDECK, DEMO, again), "planted faults were not found"


def main():
    skip_unless(TAPEDECK, "trace", "doctor")
    lines = commands()
    assert len(lines) > 10, f"only {len(lines)} commands in docs/tutorial.md"
    with tempfile.TemporaryDirectory(prefix="tapedeck-tutorial-") as folder:
        link_tree(folder)
        shell = subprocess.Popen(["/bin/sh"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True, env={**os.environ, "TAPEDECK_NO_BUILD": "1"})
        for command in lines:
            check(shell, command)
        shell.stdin.close()
        shell.wait(TIMEOUT_S)
        check_faults(folder)


main()
