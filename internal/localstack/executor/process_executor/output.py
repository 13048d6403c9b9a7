"""What a function process writes, kept until the invocation that wrote it is reported."""

import fcntl
import os
import select
import struct
import termios
import threading
import time

KEPT = 1 << 20  # bytes that nobody collected: a function that chatters between invocations must not fill memory
CHUNK = 64 << 10


class Output:
    """Reads a pipe in a thread of its own, so that the process never blocks on a full one."""

    def __init__(self, pipe, at_end):
        self._pipe = pipe
        self._at_end = at_end
        self._lock = threading.Lock()
        self._kept = b""
        self._open = True
        threading.Thread(target=self._pump, daemon=True).start()

    def take(self, settle_seconds=1.0):
        """Gives what was written before the call. An answer and the lines before it come by two roads: it waits for the
        pipe to be empty."""
        end = time.monotonic() + settle_seconds
        while True:
            with self._lock:
                if not self._open or self._waiting() == 0 or time.monotonic() > end:
                    kept, self._kept = self._kept, b""
                    return kept.decode("utf-8", "replace")
            time.sleep(0.001)

    def _waiting(self):
        return struct.unpack("i", fcntl.ioctl(self._pipe.fileno(), termios.FIONREAD, b"\0" * 4))[0]

    def _pump(self):
        while self._open:
            select.select([self._pipe], [], [])
            with self._lock:
                chunk = os.read(self._pipe.fileno(), CHUNK)
                self._kept = (self._kept + chunk)[-KEPT:]
                self._open = bool(chunk)
        self._pipe.close()
        self._at_end()
