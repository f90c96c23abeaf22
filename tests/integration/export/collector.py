"""A collector as a real one answers: POST /v1/traces with OTLP/JSON."""
import contextlib
import gzip
import http.server
import json
import ssl
import threading

import otlp_schema


class Collector(http.server.ThreadingHTTPServer):
    """answers: what is answered first, as (status, headers, body); then 200. Keeps the spans of what it accepted."""

    daemon_threads = True

    def __init__(self, answers=()):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.bodies, self.spans, self.headers, self.wrong = list(answers), [], [], [], []
        self.lock = threading.Lock()
        self.url = "http://127.0.0.1:%d" % self.server_address[1]

    def take(self, path, headers, body):
        """One at a time. The answer."""
        self.headers.append(headers)
        self.bodies.append(body)
        answer = self.answers.pop(0) if self.answers else (200, {}, {})
        if path != "/v1/traces" or headers.get("Content-Type") != "application/json" or headers.get("Content-Encoding") != "gzip":
            self.wrong.append((path, dict(headers)))
        if answer[0] == 200:
            try:
                self.spans += otlp_schema.spans(json.loads(gzip.decompress(body)))
            except (ValueError, otlp_schema.Wrong) as error:
                self.wrong.append(error)
        return answer


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            status, headers, answer = self.server.take(self.path, self.headers, body)
        text = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def handle(self):
        with contextlib.suppress(OSError):  # a client that does not trust the certificate
            super().handle()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def collector(answers=(), certificate=None):
    """certificate: files of a certificate and its key, for HTTPS."""
    with Collector(answers) as serving:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            serving.socket = context.wrap_socket(serving.socket, server_side=True, do_handshake_on_connect=False)
            serving.url = serving.url.replace("http", "https")
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield serving
        finally:
            serving.shutdown()
            thread.join()
