"""The demo keeps the truth, trace finds it in the log, and doctor finds nothing critical in a run without faults.

Usage: check.py TAPEDECK DEMO SOURCE_DIR truth|trees|clean
"""
import os
import subprocess
import sys
import tempfile

from faults import doctor
from running import read_log, record_platform, skip_unless

TAPEDECK, DEMO, SOURCE = sys.argv[1:4]
sys.path.insert(0, os.path.join(SOURCE, "demo"))
from check_truth import Conversation, Truth  # noqa: E402

ATTEMPTS = 3
FEW = ["--domains", "checkout,customer", "--seconds", "3", "--rate", "8"]


def record(folder, *options):
    return record_platform(TAPEDECK, DEMO, SOURCE, folder, *options)


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


def check_clean(folder):
    skip_unless(TAPEDECK, "doctor")
    clean, _ = record(folder, "--seconds", "5")
    status, found = doctor(TAPEDECK, clean)
    assert status == 0 and "critical" not in found.values(), f"a run without faults: status {status}, {found}"


with tempfile.TemporaryDirectory(prefix="tapedeck-demo-") as temporary:
    {"truth": check_truth, "trees": check_trees, "clean": check_clean}[sys.argv[4]](temporary)
