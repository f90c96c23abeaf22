"""Which of the demo's planted faults the doctor finds in a log."""
import collections
import json
import subprocess

from running import read_log


def doctor(tapedeck, log):
    """(exit status, {name of the check: severity})"""
    done = subprocess.run([tapedeck, "doctor", log, "--json"], stdout=subprocess.PIPE, check=False)
    return done.returncode, {found["check"]: found["severity"] for found in json.loads(done.stdout)["findings"]}


def planted(demo):
    printed = subprocess.run([demo, "--list-faults"], stdout=subprocess.PIPE, check=True, text=True)
    return {line.split()[0] for line in printed.stdout.splitlines()}


def most_in_a_second(events):
    return max(collections.Counter(event["time"][:19] for event in events).values(), default=0)


def too_slow(tapedeck, log):
    """Faults below the thresholds of docs/doctor.md, because a busy machine did not reach the pace that they need."""
    rows, sessions = (read_log(tapedeck, log, subject) for subject in ("reports.rows", "sessions.*.seen"))
    slow = {"burst"} if most_in_a_second(rows) < 700 else set()
    return slow | ({"subject-explosion"} if len(sessions) < 10000 else set())


def finds_all(tapedeck, demo, log):
    """True when the doctor finds every planted fault in the log of a run with faults that took 60 seconds."""
    status, found = doctor(tapedeck, log)
    missing = planted(demo) - too_slow(tapedeck, log) - set(found)
    print(f"status {status}, not found: {missing or 'none'}", flush=True)
    return status == 1 and not missing
