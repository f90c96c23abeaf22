"""--decode wherever a payload is printed: cat, tail, sniff, trace, diff and top, with protobuf, MessagePack, CBOR, compressed bodies and
commands; what is hostile, cut or masked is shown as it is.

Usage: check.py TAPEDECK WRITE_SAMPLES
"""
import csv
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "care"))
sys.path.insert(0, os.path.join(HERE, "..", "top"))
from running import Broker, await_that  # noqa: E402

# Made by protoc --encode, by msgpack, cbor2, python-zstandard and python-snappy.
ORDER = bytes.fromhex("08e72412045a6fc3ab1a070a03612d3110021a0020012a0d0a026575110000000000002940320301d804")
MSGPACK = bytes.fromhex("83a26964cd1267a47461677392a161a162a3726177c40200ff")
CBOR = bytes.fromhex("a362696419126764746167738261616162637261774200ff")
ZSTD = bytes.fromhex("28b52ffd201291000061206c696e652c20636f6d70726573736564")
SNAPPY = bytes.fromhex("1348736e617020736e617020736e617020736e6170")
ORDER_JSON = {"orderId": "4711", "customer": "Zoë", "items": [{"sku": "a-1", "count": 2}, {}], "state": "PAID",
              "prices": {"eu": 12.5}, "deltas": [-1, 300]}
VALUE = {"id": 4711, "tags": ["a", "b"], "raw": "AP8="}

MESSAGES = [
    (b"orders.new", ORDER), (b"m.one", MSGPACK), (b"c.one", CBOR), (b"z.zstd", ZSTD), (b"z.snappy", SNAPPY),
    (b"z.inner", gzip.compress(MSGPACK)), (b"lines.a", b'{"n":[1,2]}'), (b"lines.b", b'{\n"n":\n[3]}'), (b"text", "Grüße".encode()),
    (b"m.bad", MSGPACK[:-1]), (b"m.deep", b"\x91" * 100000 + b"\xc0"), (b"z.bomb", gzip.compress(bytes(20 << 20))), (b"m.empty", b""),
    (b"secret.m", MSGPACK),
]
RULES = ["orders.>=protobuf:" + os.path.join(HERE, "orders.desc") + ":shop.Order", "m.*=msgpack", "c.*=cbor", "z.zstd=zstd",
         "z.snappy=snappy", "z.inner=gzip+msgpack", "z.*=gzip", "secret.*=msgpack", "lines.*=cmd:jq ."]
FRAMED = """import struct, sys
while head := sys.stdin.buffer.read(4):
    payload = sys.stdin.buffer.read(struct.unpack(">I", head)[0])
    answer = ("%s: %d bytes" % (sys.argv[1], len(payload))).encode()
    sys.stdout.buffer.write(struct.pack(">I", len(answer)) + answer)
    sys.stdout.buffer.flush()
"""


def rules(*given):
    return [part for rule in given for part in ("--decode", rule)]


def run(tapedeck, *args, status=0):
    """Standard output and error output of the command."""
    done = subprocess.run([tapedeck, *args], capture_output=True, check=False, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode == status, (args, done.returncode, done.stderr)
    return done.stdout.decode(errors="replace"), " ".join(done.stderr.decode().split())


def expect(holds, what, *seen):
    if not holds:
        raise AssertionError("\n".join([what, *map(str, seen)]))


def record(tapedeck, name, messages):
    broker = Broker(tapedeck, name, "--mask-payload", "secret.>")
    broker.publish(messages)
    broker.process.terminate()
    expect(broker.process.wait(60) == 0, "the broker ends")


def check_json(tapedeck):
    printed, errors = run(tapedeck, "cat", "recorded", "--kind", "message", "--json", *rules(*RULES))
    events = {event["subject"]: event for event in map(json.loads, printed.splitlines())}
    expected = {"orders.new": ORDER_JSON, "m.one": VALUE, "c.one": VALUE, "z.zstd": "a line, compressed",
                "z.snappy": "snap snap snap snap", "z.inner": VALUE, "lines.a": {"n": [1, 2]}, "lines.b": {"n": [3]}}
    for subject, value in expected.items():
        expect(events[subject].get("decoded") == value, f"{subject} is decoded", events[subject])
        expect("payload" in events[subject] or "payload_base64" in events[subject], "the exact payload is there", events[subject])
    reasons = {"m.bad": "msgpack: the data ends in the middle of a value",
               "m.deep": "msgpack: before byte 101: it is nested more than 100 levels deep",
               "z.bomb": "gzip: it becomes larger than 16 MiB",
               "secret.m": "the message is masked: its payload may not be the one that was sent"}
    for subject, reason in reasons.items():
        expect(events[subject].get("decode_error") == reason and "decoded" not in events[subject], reason, events[subject])
    for subject in "text", "m.empty":
        expect("decoded" not in events[subject] and "decode_error" not in events[subject], "no rule, nothing to decode", subject)
    expect("--decode m.*=msgpack: 2 of 3 payloads could not be decoded; the first: msgpack: the data ends" in errors,
           "failures are counted", errors)
    _, errors = run(tapedeck, "cat", "recorded", "m.>", "-q", *rules(*RULES))
    expect(errors == "", "-q has no remarks", errors)


def check_text(tapedeck):
    printed, _ = run(tapedeck, "cat", "recorded", "-v", "--kind", "message", *rules(*RULES))
    compact = json.dumps(ORDER_JSON, ensure_ascii=False, separators=(",", ":"))
    for text in ("      decoded  protobuf\n      " + compact + "\n", "      decoded  gzip+msgpack\n",
                 "      decoded  no; msgpack: the data ends in the middle of a value\n      \\x83\\xa2id",
                 '      decoded  cmd\n      {\n        "n": [\n'):
        expect(text in printed, f"--verbose has {text!r}", printed[:3000])
    printed, _ = run(tapedeck, "cat", "recorded", "orders.new", *rules(*RULES))
    expect(printed.endswith("42 B  " + compact + "\n"), "the line ends with the decoded payload, after the size of the true one", printed)
    printed, _ = run(tapedeck, "cat", "recorded", "z.zstd", "-X", *rules(*RULES))
    expect("      a line, compressed\n      00000000  28 b5 2f fd" in printed, "-X has both", printed)
    printed, _ = run(tapedeck, "cat", "recorded", "z.zstd", "--raw", *rules(*RULES))
    expect(printed == "a line, compressed", "--raw", printed)
    printed, _ = run(tapedeck, "cat", "recorded", "z.zstd", "--json", "--max-payload", "6", *rules(*RULES))
    expect(json.loads(printed)["decoded_bytes_left_out"] == 18, "--max-payload", printed)
    printed, _ = run(tapedeck, "cat", "recorded", "m.one", "z.inner", "text", "--csv", "subject,decoded.tags[*],decoded", *rules(*RULES))
    found = list(csv.reader(io.StringIO(printed)))
    expect(found[1:] == [["m.one", "a,b", json.dumps(VALUE, separators=(",", ":"))],
                         ["z.inner", "a,b", json.dumps(VALUE, separators=(",", ":"))], ["text", "", ""]], "--csv", found)
    printed, _ = run(tapedeck, "cat", "recorded", "m.one", "--format", "{decoded.id} {decoded}", *rules("auto"))
    expect(printed.startswith('4711 {"id":4711'), "--format, auto", printed)


def check_other_commands(tapedeck):
    printed, _ = run(tapedeck, "trace", "recorded", "orders.new", *rules(*RULES))
    expect('{"orderId":"4711"' in printed, "trace", printed)
    printed, _ = run(tapedeck, "trace", "recorded", "orders.new", "--json", *rules(*RULES))
    expect(json.loads(printed)["nodes"][0]["decoded"] == ORDER_JSON, "trace --json", printed)
    printed, _ = run(tapedeck, "diff", "recorded", "other", *rules(*RULES), status=1)
    expect('…ustomer":"Zoë","items"' in printed and "decoded payload from byte 32 on" in printed, "diff", printed)
    printed, _ = run(tapedeck, "diff", "recorded", "other", "--json", *rules(*RULES), status=1)
    changed = [line for line in map(json.loads, printed.splitlines()) if line.get("difference") == "changed"]
    expect(changed[0]["a"]["decoded"] == ORDER_JSON and changed[0]["b"]["decoded"]["customer"] == "Zoe", "diff --json", changed)
    printed, _ = run(tapedeck, "sniff", "-r", "captures/plain.pcap", "-q", *rules("orders.1=cmd:sed s/id/ID/"))
    expect('9 B  {"ID":17}\n' in printed and printed.count("ID") == 1, "sniff", printed)


def check_top(tapedeck):
    try:
        from terminal import Terminal
    except ImportError:
        print("top was not tested: python3-pyte is missing")
        return
    terminal = Terminal([tapedeck, "top", "recorded", "m.one", "--utc", *rules(*RULES)])
    try:
        terminal.await_text(lambda text: "m.one" in text, "the subject is listed")
        terminal.press("\r")
        terminal.await_text(lambda text: '{"id":' in text, "the line is decoded")
        terminal.press("\r")
        terminal.await_text(lambda text: "decoded  msgpack" in text and '"raw":"AP8="' in text, "the message is decoded")
        terminal.press("q")
        expect(terminal.await_end() == 0, "top ends")
    finally:
        terminal.close()


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def check_commands(tapedeck):
    with open("framed.py", "w", encoding="utf-8") as file:
        file.write(FRAMED)
    command = f"{sys.executable} framed.py $TAPEDECK_SUBJECT"
    printed, errors = run(tapedeck, "cat", "recorded", "m.deep", "text", "--format", "{decoded}", *rules("cmd-framed:" + command))
    expect(printed == "text: 7 bytes\nm.deep: 100001 bytes\n" and not errors, "frames hold anything", printed, errors)
    printed, errors = run(tapedeck, "cat", "recorded", "lines.*", *rules("cmd:read l; echo bad $l >&2; exit 7"))
    expect(errors.count("ended with status 7: bad {\"n\":[1,2]}; its payloads are shown undecoded") == 1 and
           "could not be decoded" not in errors, "a failure is reported once", errors)
    expect('{"n":[1,2]}' in printed and "[3]" in printed, "and payloads are shown as they are", printed)
    run(tapedeck, "cat", "recorded", "text", *rules("cmd:echo $$ >pid; exec cat"))
    with open("pid", encoding="utf-8") as file:
        expect(not is_running(int(file.read())), "no process is left")


def check_interrupt(tapedeck):
    """Ctrl-C ends the command in order: it does not reach the decoder, which may be about to answer."""
    decoder = "trap 'touch interrupted' INT; while read -r line; do echo \"<$line>\"; done"
    with open("tail.out", "w+", encoding="utf-8") as out:
        child = subprocess.Popen([tapedeck, "tail", "recorded", "lines.a", *rules("cmd:" + decoder)], stdout=out, stderr=out,
                                 start_new_session=True)
        await_that(lambda: b'11 B  <{"n":[1,2]}>' in open("tail.out", "rb").read(), "tail prints the decoded payload")
        os.killpg(child.pid, signal.SIGINT)
        expect(child.wait(60) == 0, "tail ends")
        hung = subprocess.Popen([tapedeck, "tail", "recorded", "lines.a", *rules("cmd:echo $$ >sleeper; read -r line; echo seen; sleep 300")],
                                stdout=subprocess.PIPE, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
        expect(b"seen" in hung.stdout.readline(), "tail prints the answer")
        hung.send_signal(signal.SIGHUP)
        hung.communicate(timeout=60)
        expect(hung.returncode == 0 and not is_running(int(open("sleeper").read())), "the decoder ends with tail after SIGHUP")
        out.seek(0)
        expect("--decode" not in out.read() and not os.path.exists("interrupted"), "the decoder was not interrupted")


def check_mistakes(tapedeck):
    _, errors = run(tapedeck, "cat", "recorded", *rules("orders.>=protobuf:" + os.path.join(HERE, "orders.desc") + ":shop.Ordr"), status=2)
    expect('has no message type "shop.Ordr" (did you mean "shop.Order"?)' in errors, "a mistyped type", errors)
    _, errors = run(tapedeck, "top", "-s", "http://127.0.0.1:1", *rules("auto"), status=2)
    expect("--decode does not go with --server" in errors, "top of a server", errors)


def main():
    tapedeck, write_samples = (os.path.abspath(path) for path in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        subprocess.run([write_samples], check=True)
        record(tapedeck, "recorded", MESSAGES)
        record(tapedeck, "other", [(subject, payload.replace("Zoë".encode(), b"Zoe").replace(b"\x12\x04", b"\x12\x03"))
                                   if subject == b"orders.new" else (subject, payload) for subject, payload in MESSAGES])
        for check in (check_json, check_text, check_other_commands, check_top, check_commands, check_interrupt, check_mistakes):
            check(tapedeck)


if __name__ == "__main__":
    main()
