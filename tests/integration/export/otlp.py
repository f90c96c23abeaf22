"""Spans for OpenTelemetry: lines that OTLP's schema allows, and a collector that gets each span once, whatever it answers first.

  otlp.py TAPEDECK WRITE_SAMPLES"""
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", name) for name in ("sniffed", "proxied")]

import otlp_schema
import proxies
import running
from collector import collector
from running import expect, wait_for

TAPEDECK, WRITE_SAMPLES = (os.path.abspath(path) for path in sys.argv[1:3])
SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5
SECRET = "Basic c2VjcmV0"
# Bytes that subjects and names can have, and that must not leave a JSON string or turn text around.
HOSTILE = [b'quote".\\back', b"</script><script>alert(1)</script>", b"\xff\xfe.invalid", "dir.\u202eover".encode(), b"\x01\x1b[2J", b"x" * 3000]


def export(*arguments, status=0, environment=None):
    done = subprocess.run((TAPEDECK, "export", *arguments), capture_output=True, check=False, env=os.environ | (environment or {}))
    expect(done.returncode == status, f"{arguments} ends with {status}: {done.returncode}, {done.stderr.decode()}")
    expect(SECRET.encode() not in done.stdout + done.stderr, "no secret is printed")
    return done.stdout.decode("utf-8"), done.stderr.decode().replace("\n  ", " ")


def read(*arguments):
    return [span for line in export(*arguments)[0].splitlines() for span in otlp_schema.spans(json.loads(line))]


def one(spans, claim, **wanted):
    found = [span for span in spans if all(span["attributes"].get(key.replace("__", "."), span.get(key)) == value for key, value in wanted.items())]
    expect(len(found) == 1, f"{claim}: {len(found)} of {wanted}")
    return found[0]


# ---- files ----


def every_span_has_its_publisher_and_its_trace(spans):
    by_id = {span["spanId"]: span for span in spans}
    expect(len(by_id) == len(spans), "ids of spans are unique")
    for span in spans:
        for link in span.get("links", []):
            sender = by_id.get(link["spanId"])
            expect(sender and sender["traceId"] == link["traceId"] == span["traceId"], f"a link leads to a span: {span}")
            expect(span["parentSpanId"] == link["spanId"], "the publisher is the parent")
        expect(span["kind"] not in (CONSUMER, SERVER) or span.get("links"), "a receiver's span has a link")
        expect(span["attributes"]["messaging.system"] == "nats", "the system is nats")


def a_request_spans_its_handling_and_its_reply(spans):
    asked = [span for span in spans if span["kind"] == CLIENT and not span["status"]]
    expect(asked, "there are requests")
    handled = {span["parentSpanId"]: span for span in spans if span["kind"] == SERVER}
    replies = {span["parentSpanId"]: span for span in spans if span["name"].startswith("reply ")}
    for request in asked:
        if not (served := handled.get(request["spanId"])):
            continue
        reply = replies[served["spanId"]]
        expect(int(request["startTimeUnixNano"]) <= int(served["startTimeUnixNano"]) <= int(served["endTimeUnixNano"]) <= int(request["endTimeUnixNano"]),
               f"the handling lies within the request: {request} {served}")
        conversation = {span["attributes"]["messaging.message.conversation_id"] for span in (request, served, reply)}
        expect(len(conversation) == 1, "request and reply are of one conversation")
    expect(len(handled) > 3, "most requests are seen handled")


def errors_are_statuses(spans):
    types = {span["attributes"].get("error.type") for span in spans if span["status"]}
    expect(all(span["status"]["code"] == 2 and span["status"]["message"] for span in spans if span["status"]), "a status says why")
    expect({"timeout", "no_responders"} <= types, f"no reply and no responder are errors: {types}")


def filters_choose_messages_and_keep_their_replies(log):
    spans = read(log, "-F", "otlp", "billing.>")
    expect(spans and all(span["name"].split()[0] == "reply" or "_INBOX" in span["name"] or "billing." in span["name"] for span in spans), "others are not there")
    expect(any(span["name"].startswith("reply ") for span in spans), "the replies are there")


def sampling_takes_whole_traces(log, spans):
    some = read(log, "-F", "otlp", "--sample", "0.5")
    traces = {span["traceId"] for span in some}
    expect(0 < len(traces) < len({span["traceId"] for span in spans}), "some traces are taken")
    expect(sorted(span["spanId"] for span in some) == sorted(span["spanId"] for span in spans if span["traceId"] in traces), "whole ones")
    expect(all(int(trace, 16) % 2**56 >= 2**55 for trace in traces), "the consistent ones")
    failed = read(log, "-F", "otlp", "--errors-and-slow", "--slow", "3s")
    expect({span["spanId"] for span in failed} < {span["spanId"] for span in spans}, "a part")
    expect({span["spanId"] for span in spans if span["status"]} <= {span["spanId"] for span in failed}, "every error is kept")


def files(folder):
    subprocess.run((WRITE_SAMPLES, "services"), cwd=folder, check=True)
    log = os.path.join(folder, "services")
    spans = read(log, "-F", "otlp")
    every_span_has_its_publisher_and_its_trace(spans)
    a_request_spans_its_handling_and_its_reply(spans)
    errors_are_statuses(spans)
    expect(spans == read(log, "-F", "otlp"), "the same log gives the same spans")
    filters_choose_messages_and_keep_their_replies(log)
    sampling_takes_whole_traces(log, spans)
    path = os.path.join(folder, "spans.otlp.jsonl")
    export(log, "-o", path, "-q")
    with open(path, encoding="utf-8") as file:
        expect(sum(len(otlp_schema.spans(json.loads(line))) for line in file) == len(spans), "the ending names the format")
    return log, spans


# ---- a collector ----

TRY_AGAIN = (503, {}, {})
PARTLY = (200, {}, {"partialSuccess": {"rejectedSpans": "3", "errorMessage": "three are too old"}})


def a_collector_gets_each_span_once(log, spans):
    with collector([TRY_AGAIN, (429, {"Retry-After": "1"}, {}), PARTLY]) as serving:
        _, said = export(log, "--otlp-endpoint", serving.url, "--otlp-header", f"Authorization={SECRET}", status=1)
        expect(not serving.wrong, f"requests are right: {serving.wrong}")
        expect(sorted(span["spanId"] for span in serving.spans) == sorted(span["spanId"] for span in spans), "each span comes once")
        expect(len(serving.bodies) == 3 and len(set(serving.bodies)) == 1, "the same batch is sent again")
        expect(all(headers["Authorization"] == SECRET for headers in serving.headers), "with the header")
        for words in ("three are too old", f"accepted {len(spans) - 3} spans in 1 request; 2 retries", "left out: 3 spans that the collector rejected"):
            expect(words in said, f"{words!r} is said: {said}")


def the_environment_names_a_collector(log, spans):
    with collector() as serving:
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": serving.url + "/", "OTEL_EXPORTER_OTLP_HEADERS": f"authorization={SECRET.replace(' ', '%20')},x-a=1"}
        export(log, "--otlp-endpoint", "env", "-q", environment=variables)
        expect(len(serving.spans) == len(spans) and not serving.wrong, "the spans arrive")
        expect(serving.headers[0]["Authorization"] == SECRET and serving.headers[0]["X-A"] == "1", "with the headers")


def a_collector_that_refuses_is_an_error(log):
    with collector([(401, {}, {})]) as serving:
        _, said = export(log, "--otlp-endpoint", serving.url, status=3)
        expect("HTTP status 401" in said and len(serving.bodies) == 1, f"it is said: {said}")
    export(log, "--otlp-endpoint", "nonsense://x", status=2)
    export(log, "--otlp-endpoint", serving.url, "--otlp-header", "novalue", status=2)
    export(log, "--otlp-endpoint", serving.url, "-o", "x.otlp", status=2)


def a_key_in_the_query_stays_there_and_is_not_shown(log):
    with collector([(401, {}, {})]) as serving:
        _, said = export(log, "--otlp-endpoint", serving.url + "/?key=sEcReT", status=3)
        expect([path for path, _ in serving.wrong] == ["/v1/traces?key=sEcReT"] and "sEcReT" not in said, f"{serving.wrong}, {said}")


def what_a_collector_says_cannot_steer_the_terminal(log):
    with collector([(200, {}, {"partialSuccess": {"rejectedSpans": "-1", "errorMessage": "\x1b[2J\u202e"}})]) as serving:
        _, said = export(log, "--otlp-endpoint", serving.url)
        expect("says: \\x1b[2J\\u202e" in said and "\x1b" not in said, f"it is escaped: {said!r}")


def what_a_collector_never_got_is_counted_when_the_export_is_interrupted(log, spans):
    with collector([TRY_AGAIN] * 1000) as serving:
        command = (TAPEDECK, "export", log, "--follow", "--otlp-endpoint", serving.url)
        with running.process(*command, stderr=subprocess.PIPE) as following:
            wait_for(lambda: len(serving.bodies) > 1, "it is tried again")
            begun = time.monotonic()
            status = running.end(following)
            expect(status == 3 and time.monotonic() - begun < 5, f"it ends soon: {status}")
            said = following.stderr.read().decode().replace("\n  ", " ")
        expect(f"left out: {len(spans)} spans that the collector never got" in said, f"they are counted: {said}")


def https_needs_a_certificate_that_is_trusted(folder, log, spans):
    key, certificate = (os.path.join(folder, name) for name in ("key.pem", "certificate.pem"))
    subprocess.run(("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate), check=True, capture_output=True)
    with collector(certificate=(certificate, key)) as serving:
        _, said = export(log, "--otlp-endpoint", serving.url, status=3)
        expect("certificate" in said and not serving.bodies, f"a stranger gets nothing: {said}")
        export(log, "--otlp-endpoint", serving.url, environment={"OTEL_EXPORTER_OTLP_CERTIFICATE": certificate})
        expect(len(serving.spans) == len(spans) and not serving.wrong, "the spans arrive")


# ---- live, and hostile ----


def publish_hostile(port):
    client = proxies.Client(port)
    client.send(b'CONNECT {"verbose":false,"headers":true,"name":"</script>\\u202e\\"name\\""}\r\n')
    for number, subject in enumerate(HOSTILE):
        headers = b'NATS/1.0\r\nNats-Msg-Id: "\xff\r\ntraceparent: 00-%032x-%016x-01\r\n\r\n' % (number + 1, number + 1)
        client.send(b"HPUB hostile.%s %d %d\r\n%s\xff\x00\r\n" % (subject, len(headers), len(headers) + 2, headers))
    client.send(b"SUB queue.* group 1\r\nPUB queue.1 _INBOX.a 1\r\nx\r\nPUB _INBOX.a 1\r\ny\r\nPING\r\n")
    while client.stream.readline() != b"PONG\r\n":
        pass
    return client


def what_is_hostile_arrives_live_as_valid_spans(folder):
    log = os.path.join(folder, "live")
    with running.server(folder, TAPEDECK, "broker", "--record", log) as (_, port), collector() as serving:
        client = publish_hostile(port)
        command = (TAPEDECK, "export", log, "--follow", "--otlp-endpoint", serving.url, "-q")
        with running.process(*command) as following:
            wait_for(lambda: len(serving.spans) >= len(HOSTILE) + 3, "the spans arrive while the log is followed")
            client.send(b"PUB late 1\r\nx\r\n")
            wait_for(lambda: serving.spans[-1]["name"] == "publish late", "and a later one")
            expect(running.end(following) == 0, "it ends well")
        client.close()
    expect(not serving.wrong, f"requests are right: {serving.wrong}")
    for number in range(len(HOSTILE)):
        span = one(serving.spans, "the header names the trace", traceId=f"{number + 1:032x}")
        expect(span["parentSpanId"] == f"{number + 1:016x}" and span["attributes"]["messaging.destination.name"].startswith("hostile."), "and the parent")
    served = one(serving.spans, "the handling", kind=SERVER)
    expect(served["attributes"]["messaging.consumer.group.name"] == "group", "a queue group is a consumer group")


def main():
    with running.open_folder("otlp") as folder:
        log, spans = files(folder)
        a_collector_gets_each_span_once(log, spans)
        the_environment_names_a_collector(log, spans)
        a_collector_that_refuses_is_an_error(log)
        a_key_in_the_query_stays_there_and_is_not_shown(log)
        what_a_collector_says_cannot_steer_the_terminal(log)
        what_a_collector_never_got_is_counted_when_the_export_is_interrupted(log, spans)
        https_needs_a_certificate_that_is_trusted(folder, log, spans)
        what_is_hostile_arrives_live_as_valid_spans(folder)


if __name__ == "__main__":
    main()
