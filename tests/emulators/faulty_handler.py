"""The request loop of emulators that fail on demand (faults.py): reads a request, lets a fault have its way, answers."""
import json
import time
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from faults import flip_bit, write_body

PIECE = 8 << 20


class FaultyHandler(BaseHTTPRequestHandler):
    """Derived classes have faults, door(path, body), take(path, body), which may raise REFUSAL, and reply_refusal()."""
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    REFUSAL = ()
    CHARSET = "utf-8"

    @property
    def faults(self):
        raise NotImplementedError

    def door(self, path, body):
        """What the tests ask of the emulator itself."""
        raise NotImplementedError

    def take(self, path, body):
        """A request of the service."""
        raise NotImplementedError

    def reply_refusal(self, refusal):
        raise NotImplementedError

    # What some need more.

    def note(self):
        """Sees every request of the service, those that a fault hits too."""

    def room_for(self, _length):
        """Where a body of `_length` bytes is to be read to; None: anywhere."""
        return None

    def keep_cut(self, body):
        """What the service keeps of a body that was cut."""

    def log_message(self, *arguments):
        pass

    def do_request(self):
        url = urlsplit(self.path)
        self.query = {key: value[-1] for key, value in parse_qs(url.query, keep_blank_values=True).items()}
        self.raw_path = url.path  # "%2F" stays
        self.fault = {}
        if url.path.startswith("/_"):
            self.door(url.path, bytes(self.rfile.read(int(self.headers.get("Content-Length", 0)))))
            return
        self.fault = self.faults.next_for(self.command, self.path)
        self.note()
        if self.fault.get("refuse"):
            self.hang_up()
            return
        time.sleep(self.fault.get("stall", 0))
        body = self.read_body()
        if body is None:
            return
        if "status" in self.fault:
            self.reply(self.fault["status"], self.fault.get("body", "").encode(), self.fault.get("headers", {}))
            return
        if "corrupt_request" in self.fault:
            body = flip_bit(body, self.fault["corrupt_request"])
        try:
            self.take(url.path, body)
        except self.REFUSAL as refusal:
            self.reply_refusal(refusal)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_request

    def read_body(self):
        """The body; None if a fault ended the connection."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self.read_chunked()
        length = int(self.headers.get("Content-Length", 0))
        wanted = min(length, self.fault.get("cut_request", length))
        body = self.room_for(length) or bytearray(wanted)
        view = memoryview(body)
        done = 0
        while done < wanted:
            count = self.rfile.readinto(view[done:done + PIECE])
            if not count:
                self.hang_up()
                return None
            done += count
        if "cut_request" in self.fault:
            if wanted < length:
                self.keep_cut(body)
            self.hang_up()
            return None
        return body

    def read_chunked(self):
        body = bytearray()
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            body += self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                return body

    def hang_up(self):
        self.close_connection = True

    def reply_json(self, value, status=200, headers=None):
        fields = {"Content-Type": f"application/json; charset={self.CHARSET}"} | (headers or {})
        self.reply(status, json.dumps(value).encode(), fields)

    def reply(self, status, body=b"", headers=None):
        """`body` is any buffer. A HEAD's answer has its length, or that in `headers`."""
        if self.fault.get("lose_reply"):
            self.hang_up()
            return
        if "corrupt_reply" in self.fault:
            body = flip_bit(body, self.fault["corrupt_reply"])
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD" and not write_body(self.wfile, body, self.fault):
            self.hang_up()
