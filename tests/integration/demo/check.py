"""The demo keeps the truth, and trace and doctor find it in the log.

Usage: check.py TAPEDECK DEMO SOURCE_DIR truth|trees|faults
"""
import collections
import json
import os
import subprocess
import sys
import tempfile

from running import broker, read_log, run_platform, skip_unless

TAPEDECK, DEMO, SOURCE = sys.argv[1:4]
CONFIG = os.path.join(SOURCE, "demo", "broker.conf")
sys.path.insert(0, os.path.join(SOURCE, "demo"))
from check_truth import Conversation, Truth  # noqa: E402

ATTEMPTS = 3
FEW = ["--domains", "checkout,customer", "--seconds", "3", "--rate", "8"]


def record(folder, *options):
    with broker(TAPEDECK, CONFIG, folder) as url:
        run_platform(DEMO, url, os.path.join(folder, "truth"), *options)
    return os.path.join(folder, "log"), os.path.join(folder, "truth")


def truth_and_log_hold_the_same_messages(truth, messages):
    missing, extra = set(truth.messages) - set(messages), set(messages) - set(truth.messages)
    assert truth.messages, "nothing was published"
    assert not missing and not extra, f"not in the log: {missing}; not in the truth: {extra}"


def publishers_had_received_what_they_name_as_cause(truth, messages):
    for name, told in truth.messages.items():
        for cause in filter(None, (told["cause"], told["after"])):
            receivers = [receiver["conn"] for receiver in messages[cause]["delivered"]]
            assert messages[name]["conn"] in receivers, f"{name} names {cause} as its cause and never got it"


def check_truth(folder):
    log, truth_folder = record(folder, *FEW)
    truth = Truth(truth_folder)
    messages = {Conversation.header(event): event
                for event in read_log(TAPEDECK, log, "--kind", "message", "--detail")}
    truth_and_log_hold_the_same_messages(truth, messages)
    publishers_had_received_what_they_name_as_cause(truth, messages)
    outcomes = {request["outcome"] for request in truth.requests.values()}
    assert outcomes == {"reply"}, f"requests of a run without faults ended with {outcomes}"


def trees_equal_the_truth(folder):
    log, truth_folder = record(folder, *FEW)
    return subprocess.run([sys.executable, "-B", os.path.join(SOURCE, "demo", "check_truth.py"), "--tapedeck", TAPEDECK,
                           "--only", "reply,trace-context,key", "--expect", "trees=1", "--expect", "precision=1",
                           "--expect", "recall=1", log, truth_folder], check=False).returncode == 0


def check_trees(folder):
    """On a busy machine requests time out, and a message caused by a time-out has no evidence: try several times."""
    skip_unless(TAPEDECK, "trace")
    assert any(trees_equal_the_truth(os.path.join(folder, str(i))) for i in range(ATTEMPTS)), "trees differ from the truth"


def doctor(log):
    """(exit status, {name of the check: severity})"""
    done = subprocess.run([TAPEDECK, "doctor", log, "--json"], stdout=subprocess.PIPE, check=False)
    return done.returncode, {found["check"]: found["severity"] for found in json.loads(done.stdout)["findings"]}


def planted():
    printed = subprocess.run([DEMO, "--list-faults"], stdout=subprocess.PIPE, check=True, text=True)
    return {line.split()[0] for line in printed.stdout.splitlines()}


def most_in_a_second(events):
    return max(collections.Counter(event["time"][:19] for event in events).values(), default=0)


def too_slow(log):
    """Faults below the thresholds of docs/doctor.md, because a busy machine did not reach the pace that they need."""
    rows, sessions = (read_log(TAPEDECK, log, subject) for subject in ("reports.rows", "sessions.*.seen"))
    slow = {"burst"} if most_in_a_second(rows) < 700 else set()
    return slow | ({"subject-explosion"} if len(sessions) < 10000 else set())


def finds_all_faults(folder):
    faulty, _ = record(folder, "--seconds", "60", "--faults")
    status, found = doctor(faulty)
    missing = planted() - too_slow(faulty) - set(found)
    print(f"status {status}, not found: {missing or 'none'}", flush=True)
    return status == 1 and not missing


def check_faults(folder):
    skip_unless(TAPEDECK, "doctor")
    clean, _ = record(os.path.join(folder, "clean"), "--seconds", "5")
    status, found = doctor(clean)
    assert status == 0 and "critical" not in found.values(), f"a run without faults: status {status}, {found}"
    assert any(finds_all_faults(os.path.join(folder, name)) for name in ("faulty", "again")), "planted faults were not found"


with tempfile.TemporaryDirectory(prefix="tapedeck-demo-") as temporary:
    {"truth": check_truth, "trees": check_trees, "faults": check_faults}[sys.argv[4]](temporary)
