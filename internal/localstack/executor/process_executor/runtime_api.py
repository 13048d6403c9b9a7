"""The Lambda Runtime API (AWS Lambda Developer Guide, "Custom runtimes") of one execution environment."""

import queue
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREFIX = "/2018-06-01/runtime/"


@dataclass
class Invocation:
    request_id: str
    payload: bytes
    arn: str
    trace_id: str
    deadline_ms: int


class RuntimeAPI:
    """Hands invocations to one function process at a time and keeps what it answers."""

    def __init__(self):
        self.ready = threading.Event()  # the process has asked for work, or has said why it cannot
        self.init_error = None
        self.changed = threading.Condition()  # an answer came, or the process ended
        self._answers = {}
        self._pending = queue.Queue()
        self._closed = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.api = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self._server.server_port}"

    def expect_process(self):
        """Forgets the process before: a new queue, so that a dead one's long poll takes nothing from it."""
        self.ready.clear()
        self.init_error = None
        self._pending = queue.Queue()

    def put(self, invocation):
        self._pending.put(invocation)

    def wait_answer(self, request_id, ended, timeout):
        """Gives (body, is_error), or None after the time-out or when ended() holds without an answer."""
        with self.changed:
            self.changed.wait_for(lambda: request_id in self._answers or ended(), timeout)
            return self._answers.pop(request_id, None)

    def wake(self):
        with self.changed:
            self.changed.notify_all()

    def close(self):
        self._closed = True
        self._server.shutdown()
        self._server.server_close()

    # What the handler calls.

    def next(self):
        """Blocks for the next invocation; None when whoever asks is no longer the process to be served."""
        pending = self._pending
        self.ready.set()
        while not self._closed and self._pending is pending:
            try:
                return pending.get(timeout=1)
            except queue.Empty:
                continue
        return None

    def answer(self, request_id, body, is_error):
        with self.changed:
            self._answers[request_id] = (body, is_error)
            self.changed.notify_all()

    def fail_init(self, body):
        self.init_error = body.decode("utf-8", "replace")
        self.ready.set()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # header and body leave in two writes: with it, each answer waits 40 ms

    def log_message(self, *args):
        pass

    def do_GET(self):
        if self.path != PREFIX + "invocation/next":
            self._send(404)
            return
        invocation = self.server.api.next()
        if invocation is None:
            self.close_connection = True
            return
        self._send(
            200,
            invocation.payload,
            {
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
                "Lambda-Runtime-Trace-Id": invocation.trace_id,
                "Lambda-Runtime-Invoked-Function-Arn": invocation.arn,
            },
        )

    def do_POST(self):
        body = self._body()
        if self.path == PREFIX + "init/error":
            self.server.api.fail_init(body)
        elif self.path.startswith(PREFIX + "invocation/"):
            _, request_id, what = self.path[len(PREFIX) :].split("/")
            self.server.api.answer(request_id, body, what == "error")
        else:
            self._send(404)
            return
        self._send(202, b'{"status":"OK"}\n')

    def _body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, code, body=b"", headers=None):
        self.send_response(code)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
