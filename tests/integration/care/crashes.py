"""kill -9 of cut, merge and pack at random moments harms nothing, and neither does a full disk.

  crashes.py TAPEDECK

TAPEDECK_CRASH_ROUNDS sets how often each is killed (default 6), TAPEDECK_CRASH_SEED at which moments."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from running import equal, record, run

TAPEDECK = sys.argv[1]
ROUNDS = int(os.environ.get("TAPEDECK_CRASH_ROUNDS", "6"))
SEED = int(os.environ.get("TAPEDECK_CRASH_SEED", time.time_ns() % 1000000))
FOLDER = tempfile.mkdtemp()
MESSAGES, PAGE = 20000, 4096
RANDOM = random.Random(SEED)


def in_folder(name):
    return os.path.join(FOLDER, name)


def event(number):
    order = b'{"id":"%032x","number":%d,"state":"%s"}'
    return b"orders.%d" % (number % 7), order % (RANDOM.getrandbits(128), number, RANDOM.choice([b"new", b"paid", b"late"]))


def files_of(log):
    return {name: os.stat(os.path.join(log, name)).st_ino for name in os.listdir(log) if name.endswith(".seg")}


def duration_of(*command):
    start = time.monotonic()
    run(*command)
    return time.monotonic() - start


def kill_at_random(seconds, *command):
    """True when it was killed before it ended."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(RANDOM.random() * seconds)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def a_new_log_is_whole_or_not_there(what, *command):
    """The command writes a log to the path `made`."""
    made, again = in_folder("made"), 0
    seconds = duration_of(*command, "--record", made)
    expected = run(TAPEDECK, "cat", made, "--json")
    shutil.rmtree(made)
    for _ in range(ROUNDS):
        again += kill_at_random(seconds, *command, "--record", made)
        if os.path.exists(made):
            assert run(TAPEDECK, "cat", made, "--json") == expected, f"{what}: a part of a log appeared"
            shutil.rmtree(made)
    run(*command, "--record", made)
    assert not os.path.exists(made + ".tmp"), f"{what}: the remains of killed runs were not removed"
    run(TAPEDECK, "verify", made)
    shutil.rmtree(made)
    print(f"{what}: killed {again} times of {ROUNDS}")


def packing_is_whole_at_any_moment():
    log, killed = in_folder("packed"), 0
    shutil.copytree(in_folder("log"), log)
    seconds = duration_of(TAPEDECK, "pack", log, "--level", "12")
    events = run(TAPEDECK, "cat", in_folder("log"), "--json")
    for _ in range(ROUNDS):
        shutil.rmtree(log)
        shutil.copytree(in_folder("log"), log)
        killed += kill_at_random(seconds, TAPEDECK, "pack", log, "--level", "12")
        assert run(TAPEDECK, "cat", log, "--json") == events, "pack: the events changed"
        run(TAPEDECK, "verify", log)
    run(TAPEDECK, "pack", log, "--level", "12")
    assert not [name for name in os.listdir(log) if name.endswith(".tmp")], "pack: remains of killed runs"
    assert run(TAPEDECK, "cat", log, "--json") == events, "pack: the events changed"
    equal(TAPEDECK, in_folder("log"), log)
    print(f"pack: killed {killed} times of {ROUNDS}")


def a_full_disk_leaves_the_original():
    """On a small tmpfs; without the right to mount one, this part is left out."""
    small = in_folder("small")
    os.mkdir(small)
    sizes = [os.stat(os.path.join(in_folder("log"), name)).st_size for name in os.listdir(in_folder("log"))]
    size = sum(size // PAGE + 1 for size in sizes) * PAGE + (64 << 10)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tapedeck-care", small]
    if subprocess.run(mount, stderr=subprocess.DEVNULL, check=False).returncode != 0:
        print("full disk: left out, since no file system can be mounted here")
        return
    try:
        log = os.path.join(small, "log")
        shutil.copytree(in_folder("log"), log)
        with open(os.path.join(small, "filler"), "wb", buffering=0) as filler:
            try:
                while filler.write(b"x" * PAGE):
                    pass
            except OSError:
                pass
        before = files_of(log)
        assert "No space left" in run(TAPEDECK, "pack", log, ok=(4,))
        assert files_of(log) == before, "pack: the originals were replaced on a full disk"
        assert "No space left" in run(TAPEDECK, "cut", log, "--record", os.path.join(small, "cut"), ok=(4,))
        assert sorted(os.listdir(small)) == ["filler", "log"], "cut: something is left on the full disk"
        equal(TAPEDECK, in_folder("log"), log)
        print("full disk: the originals are there")
    finally:
        subprocess.run(["umount", small], check=True)


print(f"TAPEDECK_CRASH_SEED={SEED}")
record(TAPEDECK, in_folder("log"), [event(i) for i in range(MESSAGES)], "--record-segment-size=256k")
record(TAPEDECK, in_folder("other"), [event(i) for i in range(MESSAGES // 2)], "--record-segment-size=256k")
a_new_log_is_whole_or_not_there("cut", TAPEDECK, "cut", in_folder("log"), "orders.1", "orders.2")
a_new_log_is_whole_or_not_there("merge", TAPEDECK, "merge", in_folder("log"), in_folder("other"))
packing_is_whole_at_any_moment()
a_full_disk_leaves_the_original()
shutil.rmtree(FOLDER)
