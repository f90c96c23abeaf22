"""What `export` writes as JSON lines `import` makes the same log of; spreadsheets and other programs read the CSV; files of other tools
become logs; hostile bytes stay data.

Usage: round_trip.py TAPEDECK WRITE_SAMPLES
"""
import base64
import array
import csv
import datetime
import fcntl
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import termios
import time

HOSTILE = [b"", b"\x00\x01\x02\xff\xfe", "plain".encode(), "\u202egnp.exe".encode(), b"</script><script>alert(1)</script>",
           b'=HYPERLINK("http://x")', b"+1-2", b"-5", b"@SUM(A1)", b"'=x", b"a,b\r\nc\"d\"", b"\xc3\x28", b"\xed\xa0\x80", b"x" * 70000,
           "\u2028\u2029".encode(), b"\\u0041\\", "\U0001f600".encode()]


def run(*args, status=0, text=None, cwd=None):
    done = subprocess.run(args, input=text, cwd=cwd, capture_output=True, timeout=120)
    assert status is None or done.returncode == status, (args, done.returncode, done.stderr.decode())
    return done


def events(tapedeck, log):
    return run(tapedeck, "cat", log, "--json", "--detail").stdout


def comparable(text):
    """The flag of a disconnect event is left out: it says that its lost messages are accounted for, which they are after reading."""
    return [line.replace(b',"cut":true', b"") if b'"kind":"disconnect"' in line else line for line in text.splitlines()]


def check_same_log(tapedeck, log, folder, name):
    """Export and import again: every event is the same, and `diff` agrees."""
    lines, again = os.path.join(folder, name + ".jsonl"), os.path.join(folder, name)
    run(tapedeck, "export", log, "-o", lines)
    run(tapedeck, "import", lines, "--record", again)
    assert comparable(events(tapedeck, log)) == comparable(events(tapedeck, again)), name
    run(tapedeck, "diff", log, again)
    return lines


def check_readers(tapedeck, log, lines):
    """jq reads every line; a file of events is read like a log."""
    count = len(open(lines, "rb").read().splitlines())
    assert int(run("jq", "-s", "length", lines).stdout) == count > 0
    assert run(tapedeck, "cat", lines, "--json", "--detail").stdout == events(tapedeck, log)
    assert run(tapedeck, "stat", lines, "--json").stdout
    run(tapedeck, "diff", log, lines)
    run(tapedeck, "cat", lines, "--follow", status=2)
    part = run(tapedeck, "export", log, "--format", "jsonl", "-n", "3").stdout.splitlines()
    assert len(part) == 3


def hostile_log(tapedeck, folder):
    path, log = os.path.join(folder, "hostile.jsonl"), os.path.join(folder, "hostile")
    with open(path, "w") as file:
        for at, payload in enumerate(HOSTILE):
            encoded = base64.b64encode(payload).decode()
            file.write(json.dumps({
                "time": "2026-11-23T10:00:00.%09dZ" % at, "subject": "odd.\"'<b>&%d" % at, "payload_base64": encoded,
                "client": ["</script>", "=cmd", "a\"b", "\u202e"][at % 4], "reply_base64": base64.b64encode(b"r\xff%d" % at).decode(),
                "headers": {"K": ["v", "<i>"], "=Key": ["+1"]} if at % 2 else None}) + "\n")
    run(tapedeck, "import", path, "--record", log)
    return log


def check_csv(tapedeck, log, folder):
    """Every row has the columns; nothing is a formula unless it was asked for; the file becomes a log again."""
    text = run(tapedeck, "export", log, "--format", "csv", "--columns", "time,subject,client,payload,header.=Key").stdout
    assert text.endswith(b"\r\n")
    rows = list(csv.reader(io.StringIO(text.decode(), newline="")))
    assert len(rows) == 1 + len(HOSTILE) and all(len(row) == 5 for row in rows), rows
    cells = [cell for row in rows[1:] for cell in row]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "@") and cell != "+1"] and {"-5", "+1"} <= set(cells)
    assert "'=HYPERLINK(\"http://x\")" in cells and "'+1-2" in cells
    kept = run(tapedeck, "export", log, "--format", "csv", "--keep-formulas", "--columns", "payload").stdout
    assert b'"=HYPERLINK(""http://x"")"' in kept
    plain = [row for row in rows[1:] if row[3].isascii() and "\\x" not in row[3]]
    path, again = os.path.join(folder, "rows.csv"), os.path.join(folder, "rows")
    run(tapedeck, "export", log, "-o", path)
    run(tapedeck, "import", path, "--record", again)
    made = [json.loads(line) for line in events(tapedeck, again).splitlines()]
    found = {event["payload"] for event in made if event["kind"] == "message"}
    assert found >= {"plain", "'=x", "a,b\r\nc\"d\"", '=HYPERLINK("http://x")', "+1-2"}, found
    assert plain and len([event for event in made if event["kind"] == "message"]) == len(HOSTILE)


def check_other_tools(tapedeck, folder):
    """nats sub --dump, on a pipe and in a folder; objects and rows of others, with and without a time."""
    log = lambda name: os.path.join(folder, name)
    dumped = b'{"Subject":"a.b","Reply":"r","Header":{"K":["v","w"]},"Data":"aGVsbG8=","Sub":null}\0' \
             b'{"Subject":"a.c","Reply":"","Header":null,"Data":null,"Sub":null}\0'
    run(tapedeck, "import", "-", "--record", log("piped"), text=dumped)
    first, second = [json.loads(line) for line in events(tapedeck, log("piped")).splitlines()]
    assert (first["subject"], first["reply"], first["headers"], first["payload"]) == ("a.b", "r", {"K": ["v", "w"]}, "hello")
    assert second["payload"] == "" and "headers" not in second and first["publisher_unknown"] and "receivers" not in first
    os.mkdir(log("dump"))
    for name, data in (("10", "ten"), ("9", "nine"), ("9_reply", "answer")):
        with open(log("dump/%s.json" % name), "w") as file:
            json.dump({"Subject": "s." + data, "Header": None, "Data": base64.b64encode(data.encode()).decode()}, file)
    run(tapedeck, "import", log("dump"), "--record", log("dumped"))
    assert [json.loads(line)["payload"] for line in events(tapedeck, log("dumped")).splitlines()] == ["nine", "answer", "ten"]
    mixed = b'{"subject":"a","data":{"n":[1,2]},"ts":1732356000.5}\n{"subject":"b","body":"x","timestamp":1732356001000}\n'
    run(tapedeck, "import", "-", "--record", log("mixed"), text=mixed)
    one, two = [json.loads(line) for line in events(tapedeck, log("mixed")).splitlines()]
    assert one["payload"] == '{"n":[1,2]}' and one["time"] == "2024-11-23T10:00:00.500000000Z"
    assert two["payload"] == "x" and two["time"] == "2024-11-23T10:00:01.000000000Z"
    run(tapedeck, "import", "-", "--record", log("masked"), "--mask", "$.n", text=mixed)
    assert "masked" in json.loads(events(tapedeck, log("masked")).splitlines()[0])


BAD = [(b'{"subject":"a b"}', b"line 1: a subject holds a space"), (b'{"subject":"a"}\n{"subject":5}', b'line 2: "subject" is not a string'),
       (b'{"payload":"x"}', b"there is no subject"), (b'{"subject":"a"', b"line 1: not a valid JSON object"),
       (b'{"subject":"a","headers":{"a\\nb":["1"]}}', b"a header's key"), (b'{"subject":"a","headers":{"a":["1\\r\\nX: y"]}}', b"a header's key"),
       (b'{"subject":"a","time":"yesterday"}', b'"time" is not a time'), (b'{"subject":"a","status":{"a":1}}', b'"status" is not a string'),
       (b'{"kind":"message","subject":"a","payload":"abc","size":1}', b'"size" is less'), (b'{"subject":"a","cut":"true"}', b"not true or false"),
       (b'{"subject":"a","delivered":[{"sid":{"a":1}}]}', b"not a list of receivers"), (b'{"subject":"a","log":99999}', b'"log" is more'),
       (b'{"subject":"a","time":"2261-12-31T23:59:59Z"}\n{"subject":"a","time":"1678-01-01T00:00:00Z"}', b"sort the file by time"), (b'{"subject":"a","payload_base64":"!"}', b"is not base64"),
       (b'{"subject":"b","ts":1732356001}\n{"subject":"a","ts":1732356000}', b"sort the file by time"),
       (b"x,y\n1,2\n", b"neither JSON lines nor"), (b"subject\na,b\n", b"more values than the 1 columns"),
       (b"time,subject\nnoon,a\n", b'column "time"'), (b'subject,payload\na,1\nb,"2\nc,3\n', b"line 3: a quote is not closed"),
       (b'subject,payload\na,"b"c\n', b"line 2: value 2: text after the closing quote"),
       (b"subject;payload\na;b\n", b"separated by commas"), (b"subject,payload\ra,b\r", b"lines end with LF")]


def check_text(tapedeck, folder):
    """Byte order marks, quotes inside of values, and names far down the first row."""
    wide = b"x," * 5000
    for at, (text, wanted) in enumerate([
            (b'\xef\xbb\xbf{"subject":"a","payload":"1"}', [("a", "1")]), (b'\xef\xbb\xbf"subject",payload\na,1', [("a", "1")]),
            (b'subject,payload\na,5" disk\nb,"6"" \ndisk"\r\n', [("a", '5" disk'), ("b", '6" \ndisk')]),
            (wide + b"subject\n" + wide + b"a\n", [("a", "")])]):
        path, log = os.path.join(folder, "text%d" % at), os.path.join(folder, "text%d.log" % at)
        with open(path, "wb") as file:
            file.write(text)
        run(tapedeck, "import", path, "--record", log)
        made = [json.loads(line) for line in events(tapedeck, log).splitlines()]
        assert [(event["subject"], event["payload"]) for event in made] == wanted, (text[:60], made)


def await_that(condition, what):
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.005)


def writer_of(fifo):
    """Open it once somebody reads it."""
    try:
        return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def is_read(fd):
    unread = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, unread)
    return unread[0] == 0


def check_pipe(tapedeck, folder):
    """Messages have the time at which each came; a signal ends the import at once, which keeps what came whole."""
    fifo, log, writer = os.path.join(folder, "fifo"), os.path.join(folder, "fifo.log"), []
    os.mkfifo(fifo)
    for lines, number in (([b'{"subject":"a"}\n', b'{"subject":"b"}\n{"subj'], signal.SIGINT), ([], signal.SIGTERM)):
        process = subprocess.Popen([tapedeck, "import", fifo, "--record", log], stderr=subprocess.PIPE)
        await_that(lambda: writer.append(writer_of(fifo)) or writer[-1] is not None, "import opens the pipe")
        for line in lines:
            os.write(writer[-1], line)
            await_that(lambda: is_read(writer[-1]), "import reads the line")
            times = time.time()
        process.send_signal(number)
        errors = process.communicate(timeout=30)[1]
        os.close(writer[-1])
        assert process.returncode == (0 if lines else 1), errors
        if lines:
            made = [json.loads(line) for line in events(tapedeck, log).splitlines()]
            first = datetime.datetime.fromisoformat(made[0]["time"][:26] + "+00:00").timestamp()
            assert [event["subject"] for event in made] == ["a", "b"] and first < times, (made, times)
        log += ".none"
    assert not os.path.exists(log[:-5])
    os.mkdir(os.path.join(folder, "mixed_dump"))
    os.mkfifo(os.path.join(folder, "mixed_dump", "1.json"))
    run(tapedeck, "import", os.path.join(folder, "mixed_dump"), "--record", log, status=4)


def check_bad_input(tapedeck, folder):
    """A clear error that names the line, and no log."""
    for at, (text, wanted) in enumerate(BAD):
        target = os.path.join(folder, "bad%d" % at)
        done = run(tapedeck, "import", "-", "--record", target, text=text, status=4)
        assert wanted in b" ".join(done.stderr.split()), (text, done.stderr)
        assert not os.path.exists(target), text
    empty = run(tapedeck, "import", "-", "--record", target, text=b"", status=1)
    assert b"no events" in empty.stderr and not os.path.exists(target), empty.stderr


def check_foreign(tapedeck, folder):
    """Messages of other tools have numbers, and their publishers connections of their own, also when they are read directly."""
    path = os.path.join(folder, "foreign.jsonl")
    with open(path, "w") as file:
        file.write('{"subject":"a","conn":1,"client":"A","Data":"text","ts":1732356000}\n'
                   '{"subject":"b","client":"B","ts":null}\n')
    first, second = [json.loads(line) for line in events(tapedeck, path).splitlines()]
    assert (first["seq"], second["seq"]) == ("1", "2") and first["conn"] != second["conn"], (first, second)
    assert (first["client"], second["client"], first["payload"]) == ("A", "B", "text")
    assert b"2 messages" in run(tapedeck, "replay", path, "--dry-run").stdout


def be_interrupted():
    """A signal that is pending when the program starts."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    os.kill(os.getpid(), signal.SIGINT)


def check_interrupt(tapedeck, log, folder):
    """Ctrl-C before the end leaves an older file as it was."""
    for name, options in (("cut.csv", ()), ("cut.html", ("--conversation", "1"))):
        path = os.path.join(folder, name)
        open(path, "w").write("old")
        done = subprocess.run([tapedeck, "export", log, "-o", path, *options], capture_output=True, timeout=60,
                              preexec_fn=be_interrupted)
        assert done.returncode == 1 and b"interrupted" in done.stderr and open(path).read() == "old", (name, done)


def check_output(tapedeck, log, folder):
    """A file appears when it is complete, or stays as it was."""
    path = os.path.join(folder, "kept.csv")
    open(path, "w").write("old")
    run(tapedeck, "export", log, "-o", path, "--columns", "nothing", status=2)
    assert open(path).read() == "old"
    os.chmod(path, 0o640)
    os.symlink("kept.csv", os.path.join(folder, "link.csv"))
    run(tapedeck, "export", log, "-o", os.path.join(folder, "link.csv"))
    assert os.path.islink(os.path.join(folder, "link.csv")) and open(path).read().startswith("time,")
    assert os.stat(path).st_mode & 0o777 == 0o640
    full = run(tapedeck, "export", log, "--format", "jsonl", "-o", "/dev/full", status=4)
    assert b"No space left" in b" ".join(full.stderr.split()).replace(b"no space", b"No space"), full.stderr
    assert [name for name in os.listdir(folder) if name.startswith("kept.csv.")] == []
    run(tapedeck, "export", log, status=2)
    run(tapedeck, "export", log, "-o", os.path.join(folder, "x.unknown"), status=2)


def main():
    tapedeck, write_samples = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="tapedeck-export-") as folder:
        samples = os.path.join(folder, "samples")
        os.mkdir(samples)
        run(os.path.abspath(write_samples), cwd=samples)
        logs = sorted(entry.path for entry in os.scandir(samples)
                      if entry.is_dir() and any(name.endswith(".seg") for name in os.listdir(entry.path)))
        assert logs
        whole = [log for log in logs if run(tapedeck, "verify", log, status=None).returncode == 0]
        assert len(whole) > 5
        for at, log in enumerate(whole[:4]):
            lines = check_same_log(tapedeck, log, folder, "again%d" % at)
        check_readers(tapedeck, whole[3], lines)
        log = hostile_log(tapedeck, folder)
        check_same_log(tapedeck, log, folder, "hostile_again")
        check_csv(tapedeck, log, folder)
        check_other_tools(tapedeck, folder)
        check_foreign(tapedeck, folder)
        check_text(tapedeck, folder)
        check_pipe(tapedeck, folder)
        check_bad_input(tapedeck, folder)
        check_interrupt(tapedeck, log, folder)
        check_output(tapedeck, log, folder)


main()
