"""Messages with secrets, and the rules that cover them. Each has a subject of its own, `case.N`, which its rules name.

A secret is text of its own in each case (SECRET) or digits (DIGITS), with the number of the case at the end."""
import collections
import gzip
import json
import zlib

PREFIXES = b"plantedsecret", b"867530986"  # of all secrets

Case = collections.namedtuple("Case", "name rules headers payload subject reply", defaults=(None, None))


def deep(depth, value):
    return b'{"a":' * depth + value + b"}" * depth


def cases():
    """The rules begin with what --mask-file takes, with CASE for the subject."""
    gigantic = json.dumps({"rows": [{"id": i, "card": "SECRET"} for i in range(20000)]}).encode()
    return [
        Case("a member", ["CASE:$.card"], b"", b'{"card":"SECRET"}'),
        Case("nested members", ["CASE:$.a.b.c"], b"", b'{"a":{"x":1,"b":{"c":"SECRET"}}}'),
        Case("elements", ["CASE:$.items[*].card"], b"", b'{"items":[{"card":"SECRET"},{"card":"SECRET"}]}'),
        Case("one element", ["CASE:$.items[2]"], b"", b'{"items":[1,2,"SECRET"]}'),
        Case("any depth", ["CASE:$..card"], b"", b'[[{"x":[{"card":"SECRET"}]}],{"card":"SECRET"}]'),
        Case("escapes in the value", ["CASE:$.card"], b"", b'{"card":"\\"SECRET\\\\\\u0041"}'),
        Case("duplicate keys", ["CASE:$.card"], b"", b'{"card":"SECRET","card":"SECRET"}'),
        Case("unicode escapes in the key", ["CASE:$.card"], b"", b'{"\\u0063a\\u0072d":"SECRET"}'),
        Case("a quoted key", ["CASE:$['card no.']"], b"", b'{"card no.":"SECRET"}'),
        Case("a number", ["CASE:$.card"], b"", b'{"card":DIGITS}'),
        Case("a fraction", ["CASE:$.card"], b"", b'{"card":-DIGITS.DIGITSe2}'),
        Case("an object", ["CASE:$.card"], b"", b'{"card":{"no":"SECRET","SECRET":DIGITS}}'),
        Case("an array", ["CASE:$.card"], b"", b'{"card":[DIGITS,["SECRET"],true]}'),
        Case("a dropped member", ["CASE:$.card=drop"], b"", b'{"a":1,"card":"SECRET","b":2}'),
        Case("a hashed member", ["CASE:$.card=hash"], b"", b'{"card":"SECRET"}'),
        Case("truncated JSON", ["CASE:$.card"], b"", b'{"card":"SECRET'),
        Case("JSON cut in an escape", ["CASE:$.card"], b"", b'{"card":"SECRET\\u00'),
        Case("invalid JSON", ["CASE:$.card"], b"", b"{'card':'SECRET'}"),
        Case("two JSON texts", ["CASE:$.card"], b"", b'{"card":1}\n{"card":"SECRET"}'),
        Case("text under a rule about JSON", ["CASE:$.card"], b"", b"SECRET"),
        Case("a byte order mark", ["CASE:$.card"], b"", b'\xef\xbb\xbf{"card":"SECRET"}'),
        Case("UTF-16", ["CASE:$.card"], b"", '{"card":"SECRET"}'.encode("utf-16")),
        Case("gigantic JSON", ["CASE:$.rows[*].card"], b"", gigantic),
        Case("deep JSON", ["CASE:$..card"], b"", deep(400, b'{"card":"SECRET"}')),
        Case("JSON beyond the depth", ["CASE:$..card"], b"", deep(2000, b'{"card":"SECRET"}')),
        Case("binary", ["payload CASE"], b"", bytes(range(256)) + b"SECRET"),
        Case("a dropped payload", ["payload CASE=drop"], b"", b"SECRET"),
        Case("a hashed payload", ["payload CASE=hash"], b"", b"SECRET"),
        Case("compressed", ["CASE:$.card"], b"Content-Encoding: gzip\r\n", gzip.compress(b'{"card":"SECRET"}')),
        Case("deflated without a header", ["payload CASE"], b"", zlib.compress(b"SECRET")),
        Case("a header", ["CASE:header:Authorization"], b"authorization: Bearer SECRET\r\nA: b\r\n", b"x"),
        Case("repeated headers", ["CASE:header:X"], b"X: SECRET\r\nA: b\r\nx:SECRET\r\n", b"x"),
        Case("a continued header", ["CASE:header:X"], b"X: a\r\n SECRET\r\n", b"x"),
        Case("a header without a colon", ["CASE:header:X"], b"X SECRET\r\n", b"x"),
        Case("a dropped header", ["CASE:header:X=drop"], b"A: b\r\nX: SECRET\r\n", b"x"),
        Case("an expression in text", ["regex CASE:/plantedsecret[0-9]+x/"], b"X: a SECRET\r\n", b"it is SECRET here"),
        Case("an expression in JSON", ["regex CASE:/plantedsecret[0-9]+x/"], b"", b'{"SECRET":["a SECRET b"]}'),
        Case("an expression in an escaped string", ["regex CASE:/plantedsecret[0-9]+x/"], b"", b'{"a":"\\u0070lantedsecret@x"}'),
        Case("an expression for digits", ["regex CASE:/867530986[0-9]{4}/"], b"", b'{"a":DIGITS}'),
        Case("a token", ["subject CASE.*.x=3=hash"], b"", b"x", "CASE.SECRET.x", "CASE.SECRET.x"),
        Case("a redacted token", ["subject CASE.*=3"], b"", b"x", "CASE.SECRET", "_INBOX.1"),
    ]


def secrets(number):
    return b"%s%dx" % (PREFIXES[0], number), b"%s%04d" % (PREFIXES[1], number)


def planted(number, case):
    """(rules, headers, payload, subject, reply) of a case, with its secrets in place of the words for them."""
    text, digits = secrets(number)
    subject = b"case.%d" % number

    def fill(value):
        value = value.replace(b"CASE", subject).replace(b"DIGITS", digits).replace(b"@", b"%d" % number)
        for encoding in ("utf-8", "utf-16-le"):
            value = value.replace("SECRET".encode(encoding), text.decode().encode(encoding))
        return value

    payload = case.payload
    if payload[:2] == b"\x1f\x8b":
        payload = gzip.compress(fill(gzip.decompress(payload)))
    elif payload[:2] == b"\x78\x9c":
        payload = zlib.compress(fill(zlib.decompress(payload)))
    else:
        payload = fill(payload)
    rules = [fill(rule.encode()).decode() for rule in case.rules]
    return rules, fill(case.headers), payload, fill((case.subject or "CASE").encode()), fill((case.reply or "").encode())
