"""Compare the table of `tapedeck trace --latency` with what the requesters of the demo measured themselves.

Usage: check_latencies.py [--tapedeck PATH] [--within US] LOG TRUTH_DIR

For each subject: the counts must be equal, and p50 and p90 may differ by --within (1000 us) and by the 1.6 % that the
histogram of trace rounds up. Prints the subjects that differ; exit status 1 when there are any. A single request may
differ by more, since the requester's clock runs on until its process is scheduled: check_truth.py counts how many.
"""
import argparse
import collections
import json
import subprocess
import sys

from check_truth import Truth, percentile

COUNTS = {"answered": "reply", "unanswered": "timeout", "no_responders": "no_responders"}
ROUNDING = 1.016


def by_subject(truth):
    """{subject: {outcome: [µs of each request]}}"""
    subjects = collections.defaultdict(lambda: collections.defaultdict(list))
    for name, request in truth.requests.items():
        subjects[truth.messages[name]["subject"]][request["outcome"]].append(request["latency_us"])
    return subjects


def run_latency(tapedeck, log):
    printed = subprocess.run([tapedeck, "trace", log, "--latency", "--json"], stdout=subprocess.PIPE, check=True)
    return {row["subject"]: row for row in json.loads(printed.stdout)["subjects"]}


def count_differences(row, outcomes):
    for key, outcome in COUNTS.items():
        if row[key] != len(outcomes[outcome]):
            yield f"{key}: {row[key]} in the log, {len(outcomes[outcome])} of the requesters"


def latency_differences(row, measured, within_us):
    for key, rank in (("p50", 0.5), ("p90", 0.9)):
        own, logged = percentile(measured, rank), row["latency_us"][key]
        if not own - within_us <= logged <= own * ROUNDING + within_us:
            yield f"{key}: {logged:.0f} us in the log, {own:.0f} us of the requesters"


def differences(row, outcomes, within_us):
    yield from count_differences(row, outcomes)
    if outcomes["reply"] and row["answered"]:
        yield from latency_differences(row, sorted(outcomes["reply"]), within_us)


def main():
    parser = argparse.ArgumentParser(description="Compare tapedeck trace --latency with the ground truth of the demo.")
    parser.add_argument("--tapedeck", default="tapedeck")
    parser.add_argument("--within", type=float, default=1000)
    parser.add_argument("log")
    parser.add_argument("truth")
    arguments = parser.parse_args()
    expected = by_subject(Truth(arguments.truth))
    table = run_latency(arguments.tapedeck, arguments.log)
    differing = set(expected) ^ set(table)
    for subject in sorted(differing):
        print(f"{subject}: in {'the log' if subject in table else 'the truth'} only")
    for subject in sorted(set(expected) & set(table)):
        for text in differences(table[subject], expected[subject], arguments.within):
            print(f"{subject}: {text}")
            differing.add(subject)
    print(f"{len(set(expected) | set(table)) - len(differing)} subjects agree, {len(differing)} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
