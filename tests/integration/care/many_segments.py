"""A log of 1,000 segments: commands that need little of it open few files at a time.

  many_segments.py TAPEDECK WRITE_DAYS"""

import json
import os
import shutil
import sys
import tempfile

from running import run

TAPEDECK, WRITE_DAYS = sys.argv[1:3]
SEGMENTS, EVENTS, FILES = 1000, 20, 24
FOLDER = tempfile.mkdtemp()
LOG = os.path.join(FOLDER, "log")


def with_few_files(*command):
    """Run with at most FILES open files."""
    return run("prlimit", f"--nofile={FILES}", "--", TAPEDECK, *command)


run(WRITE_DAYS, LOG, SEGMENTS, EVENTS)
listed = json.loads(with_few_files("ls", LOG, "--json"))
assert listed["segment_count"] == SEGMENTS == len(listed["segments"]), listed["segment_count"]
assert listed["events"] == int(listed["last_seq"]), listed
assert json.loads(with_few_files("stat", LOG, "--json"))["segments"] == SEGMENTS
assert len(with_few_files("tail", "-n", "5", LOG, "--until", "1m").splitlines()) == 5
requests = with_few_files("cat", LOG, "stock.get", "-n", "500", "--json").splitlines()
middle = json.loads(requests[-1])["seq"]
assert "stock.get" in with_few_files("trace", LOG, "--seq", middle)
around = os.path.join(FOLDER, "around")
with_few_files("cut", LOG, "--around", middle, "1h", "--record", around)
cut = json.loads(with_few_files("ls", around, "--json"))
assert 50 < cut["events"] < 500, cut
with_few_files("verify", around)
shutil.rmtree(FOLDER)
