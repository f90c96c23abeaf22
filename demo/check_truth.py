"""Compare what `tapedeck trace` says about a log of the demo with the ground truth that the demo's processes kept.

Usage: check_truth.py [--tapedeck PATH] [--only EVIDENCE,...] [--json] [--expect WHAT=NUMBER]... LOG TRUTH_DIR [-- OPTION...]

Prints for each kind of evidence how many of the edges that trace shows are right (precision), how many of those that
exist it shows (recall), how many workflows have exactly the tree of the ground truth, and how far the latencies of the
log are from those that the requesters measured. The options after -- are passed to `tapedeck trace`; without them the
keys of the demo are (--key). --only makes trace use these kinds of evidence alone (--evidence).
--expect precision=0.95 (or recall, trees, latencies: shares from 0 to 1) makes the exit status 1 when less is reached.

The format of the truth is described in demo/truth.h. An edge is right when the effect's publisher names its origin as
`cause` or as `after`.
"""
import argparse
import collections
import datetime
import glob
import json
import os
import subprocess
import sys

KEYS = ["$.workflow_id", "$.order_id", "header:Workflow-Id"]
EXPLICIT = ("reply", "trace-context", "key")
ALL = (*EXPLICIT, "inferred")
START = "workflows.start"
CLOSE_US = 1000


# ---- the ground truth ----

class Truth:
    def __init__(self, folder):
        self.messages, self.requests = {}, {}
        for path in glob.glob(os.path.join(folder, "*.jsonl")):
            with open(path, encoding="utf-8") as lines:
                for line in lines:
                    self.add(json.loads(line))
        self.effects = collections.defaultdict(list)
        for name, message in self.messages.items():
            if message["cause"]:
                self.effects[message["cause"]].append(name)

    def add(self, record):
        if "publish" in record:
            self.messages[record["publish"]] = record
        else:
            self.requests[record["request"]] = record

    def is_right(self, cause, effect):
        message = self.messages[effect]
        return cause in (message["cause"], message["after"])

    def evidence(self, effect):
        """The kinds of explicit evidence for the cause of a message: [] when there is none but the time."""
        message = self.messages[effect]
        cause = self.messages.get(message["cause"])
        kinds = ["reply"] if message["reply"] else []
        if cause and cause["trace"] and cause["trace"] == message["trace"]:
            kinds.append("trace-context")
        if cause and any(cause["keys"].get(key) == value for key, value in message["keys"].items()):
            kinds.append("key")
        return kinds

    def tree(self, root, kinds):
        """The ids of all messages that the root caused, itself included, as far as evidence of these kinds leads."""
        seen, left = {root}, [root]
        while left:
            for effect in self.effects[left.pop()]:
                if effect not in seen and ("inferred" in kinds or kinds & set(self.evidence(effect))):
                    seen.add(effect)
                    left.append(effect)
        return seen


# ---- what trace says ----

class Conversation:
    """Nodes and edges by Demo-Id. A "no responders" has none: the request that it answers stands for it."""

    def __init__(self, printed, only):
        self.nodes = {node["seq"]: node for node in printed["nodes"]}
        self.ids = {seq: self.header(node) for seq, node in self.nodes.items()}
        requests = {node["reply"]: self.ids[seq] for seq, node in self.nodes.items() if "reply" in node}
        for seq, node in self.nodes.items():
            if not self.ids[seq]:
                self.ids[seq] = requests.get(node["subject"])
        self.root = self.ids.get(printed["root"])
        self.edges = [(self.ids.get(edge["from"]), self.ids.get(edge["to"]), edge["evidence"], edge["score"])
                      for edge in printed["edges"] if not only or edge["evidence"] in only]

    @staticmethod
    def header(node):
        values = [found for name, found in node.get("headers", {}).items() if name.lower() == "demo-id"]
        return values[0][0] if values else None

    def members(self):
        return {name for name in self.ids.values() if name}

    def reply_latencies(self, printed):
        """(request, reply, µs) for each reply."""
        for edge in printed["edges"]:
            if edge["evidence"] == "reply":
                yield (self.ids.get(edge["from"]), self.ids.get(edge["to"]),
                       time_us(self.nodes[edge["to"]]) - time_us(self.nodes[edge["from"]]))


def time_us(node):
    day, fraction = node["time"].rstrip("Z").split(".")
    seconds = datetime.datetime.fromisoformat(day).replace(tzinfo=datetime.timezone.utc).timestamp()
    return int(seconds) * 1e6 + int(fraction.ljust(9, "0")) / 1e3


def run_trace(tapedeck, log, options):
    command = [tapedeck, "trace", log, "--json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {process.returncode}")


# ---- comparison ----

class Verdict:
    def __init__(self, truth, only):
        self.truth, self.only = truth, only
        self.claimed = collections.defaultdict(dict)  # evidence: (from, to): score
        self.trees, self.exact = 0, 0
        self.wrong_trees, self.distances_us = [], {}

    def add(self, printed):
        conversation = Conversation(printed, self.only)
        for cause, effect, evidence, score in conversation.edges:
            if effect in self.truth.messages and cause and cause != effect:
                self.claimed[evidence][cause, effect] = score
        self.add_tree(conversation)
        for request, reply, latency_us in conversation.reply_latencies(printed):
            self.add_latency(request, reply, latency_us)

    def add_latency(self, request, reply, latency_us):
        told = self.truth.requests.get(request)
        if told and told["reply"] == reply:
            self.distances_us[request] = told["latency_us"] - latency_us

    def add_tree(self, conversation):
        """One tree for each workflow in the conversation."""
        roots = [name for name in conversation.members()
                 if self.truth.messages.get(name, {}).get("subject") == START]
        for root in roots:
            self.trees += 1
            expected = self.truth.tree(root, set(self.only or ALL))
            missing, extra = expected - conversation.members(), conversation.members() - expected
            misled = self.without_parent(expected - {root}, conversation) | self.with_wrong_parent(conversation)
            if missing or extra or misled:
                self.wrong_trees.append((root, missing, extra, misled))
            else:
                self.exact += 1

    def with_wrong_parent(self, conversation):
        return {effect for cause, effect, _, _ in conversation.edges
                if effect in self.truth.messages and effect != cause and not self.truth.is_right(cause, effect)}

    def without_parent(self, names, conversation):
        parents = {effect for cause, effect, _, _ in conversation.edges
                   if effect in names and self.truth.is_right(cause, effect)}
        return names - parents

    def row(self, evidence, existing):
        claimed = self.claimed[evidence]
        right = sum(self.truth.is_right(*edge) for edge in claimed)
        shown = {effect for edges in self.claimed.values() for cause, effect in edges
                 if self.truth.is_right(cause, effect)}
        found = len(existing & shown)
        return {"edges": len(claimed), "right": right, "precision": share(right, len(claimed)),
                "existing": len(existing), "found": found, "recall": share(found, len(existing))}

    def rows(self):
        caused = {name for name, message in self.truth.messages.items() if message["cause"]}
        by_kind = {kind: {name for name in caused if kind in self.truth.evidence(name)} for kind in EXPLICIT}
        rows = {kind: self.row(kind, by_kind[kind]) for kind in EXPLICIT}
        hidden = caused - set().union(*by_kind.values())
        rows["inferred"] = self.row("inferred", caused if self.only == ["inferred"] else hidden)
        return rows

    def total(self):
        """All edges, against all causes of which there is evidence of the kinds that were used."""
        caused = {name for name, message in self.truth.messages.items() if message["cause"]}
        self.claimed["all"] = {edge: 1 for edges in list(self.claimed.values()) for edge in edges}
        kinds = set(self.only or ALL)
        return self.row("all", {name for name in caused if "inferred" in kinds or kinds & set(self.truth.evidence(name))})

    def latencies(self):
        distances = sorted(abs(us) for us in self.distances_us.values())
        close = sum(us <= CLOSE_US for us in distances)
        return {"compared": len(distances), "close": share(close, len(distances)),
                "median_us": percentile(distances, 0.5), "p99_us": percentile(distances, 0.99),
                "max_us": percentile(distances, 1)}


def share(part, whole):
    return part / whole if whole else None


def percentile(values, of):
    return round(values[min(len(values) - 1, int(of * len(values)))], 1) if values else None


# ---- printing ----

def text(number):
    return "-" if number is None else f"{number:.4f}"


def print_text(verdict, rows, total, latencies):
    print(f"{'evidence':<14} {'edges':>7} {'right':>7} {'precision':>9}  {'existing':>8} {'found':>7} {'recall':>7}")
    for kind, row in [*rows.items(), ("all", total)]:
        print(f"{kind:<14} {row['edges']:>7} {row['right']:>7} {text(row['precision']):>9}  "
              f"{row['existing']:>8} {row['found']:>7} {text(row['recall']):>7}")
    print(f"trees that equal the truth: {verdict.exact} of {verdict.trees}")
    print(f"latencies within 1 ms of the requester's: {text(latencies['close'])} of {latencies['compared']}; "
          f"median {latencies['median_us']} us, p99 {latencies['p99_us']} us, max {latencies['max_us']} us")
    print_misses(verdict)


def pair_of(verdict, cause, effect):
    subject = lambda name: verdict.truth.messages.get(name, {}).get("subject", "?").split(".")[:3]
    return ".".join(subject(cause)).split("INBOX.")[0] + " -> " + ".".join(subject(effect)).split("INBOX.")[0]


def print_misses(verdict, limit=8):
    """The kinds of edges that are most often wrong, and most often missing."""
    wrong = collections.Counter(f"{kind}: {pair_of(verdict, *edge)}" for kind, edges in verdict.claimed.items()
                                if kind != "all" for edge in edges if not verdict.truth.is_right(*edge))
    shown = {effect for edges in verdict.claimed.values() for cause, effect in edges
             if verdict.truth.is_right(cause, effect)}
    missing = collections.Counter(pair_of(verdict, message["cause"], name)
                                  for name, message in verdict.truth.messages.items()
                                  if message["cause"] and name not in shown)
    for title, counts in (("wrong", wrong), ("missing", missing)):
        for what, count in counts.most_common(limit):
            print(f"{title:<8} {count:>6}  {what}")
    for root, lost, extra, misled in verdict.wrong_trees[:limit]:
        print(f"tree {root}: {len(lost)} missing, {len(extra)} extra, {len(misled)} with another parent "
              f"{sorted(lost | extra | misled)[:3]}")


def failed_expectations(expected, total, verdict, latencies):
    reached = {"precision": total["precision"], "recall": total["recall"],
               "trees": share(verdict.exact, verdict.trees), "latencies": latencies["close"]}
    for what, least in (word.split("=") for word in expected):
        if (reached[what] or 0) < float(least):
            yield f"{what} is {text(reached[what])}, expected at least {least}"


def main():
    words = sys.argv[1:]
    options = words[words.index("--") + 1:] if "--" in words else [word for key in KEYS for word in ("--key", key)]
    parser = argparse.ArgumentParser(description="Compare tapedeck trace with the ground truth of the demo.")
    parser.add_argument("--tapedeck", default="tapedeck")
    parser.add_argument("--only", type=lambda value: value.split(","))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--expect", action="append", default=[])
    parser.add_argument("log")
    parser.add_argument("truth")
    arguments = parser.parse_args(words[:words.index("--")] if "--" in words else words)
    if arguments.only:
        options += ["--evidence", ",".join(arguments.only)]
    verdict = Verdict(Truth(arguments.truth), arguments.only)
    for printed in run_trace(arguments.tapedeck, arguments.log, options):
        verdict.add(printed)
    rows, total, latencies = verdict.rows(), verdict.total(), verdict.latencies()
    if arguments.json:
        print(json.dumps({"evidence": rows, "all": total, "trees": verdict.trees, "exact": verdict.exact,
                          "latencies": latencies}))
    else:
        print_text(verdict, rows, total, latencies)
    failures = list(failed_expectations(arguments.expect, total, verdict, latencies))
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
