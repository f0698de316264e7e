"""S3 for tests: moto's server, with a proxy in front of it that makes faults on demand.

Usage: s3_emulator.py [--bucket NAME]…      (needs moto[s3,server]; see faults.py for faults)
Prints "ready PORT" when it serves. The tests' own door: POST /_faults, POST /_reset, GET /_log,
GET /_uploads (unfinished ones with parts) as in gcs_emulator.py, and POST /_skew {"minutes": n}: the service's clock is off.

moto checks If-None-Match and stores in two steps; the proxy lets one request through at a time
where that matters, as S3 itself is atomic there. Neither does moto check CRC-32C; the proxy does.
moto reads an object's whole file for each range of it; here the bytes stay in memory.
"""
import argparse
import http.client
import json
import logging
import re
import threading
import time
import urllib.request
from email.utils import formatdate
from urllib.parse import quote
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from moto.s3.models import FakeKey
from moto.server import ThreadedMotoServer

import aws_metadata
import crc32c
from faults import Faults, flip_bit, write_body
from parent import end_with_parent

PIECE = 8 << 20
HOP_HEADERS = {"connection", "transfer-encoding", "content-length", "date", "server"}


def keep_values_in_memory():
    """Makes FakeKey.value read its file once after each change."""
    read, write = FakeKey.value.fget, FakeKey.value.fset

    def value(key):
        if getattr(key, "kept_value", None) is None:
            key.kept_value = read(key)
        return key.kept_value

    def change(key, new_value):
        key.kept_value = None
        write(key, new_value)

    FakeKey.value = property(value, change)


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def do_request(self):
        length = int(self.headers.get("Content-Length", 0))
        if self.path.startswith("/_"):
            self.door(self.rfile.read(length))
            return
        metadata = aws_metadata.serve(self.command, self.path, self.headers)
        if metadata is not None:
            self.fault = {}
            self.reply(metadata[0], {}, metadata[1])
            return
        self.fault = self.server.faults.next_for(self.command, self.path)
        if self.fault.get("refuse"):
            self.close_connection = True
            return
        time.sleep(self.fault.get("stall", 0))
        body = self.read_body(min(length, self.fault.get("cut_request", length)))
        if body is None or "cut_request" in self.fault:
            self.close_connection = True
            return
        if "status" in self.fault:
            self.reply(self.fault["status"], self.fault.get("headers", {}),
                       self.fault.get("body", "").encode())
            return
        if self.server.skew_minutes and self.headers.get("Authorization"):
            self.reply(403, {}, b"<Error><Code>RequestTimeTooSkewed</Code><Message>The difference "
                       b"between the request time and the current time is too large.</Message>"
                       b"</Error>")
            return
        if "corrupt_request" in self.fault:
            body = flip_bit(body, self.fault["corrupt_request"])
        declared = self.headers.get("x-amz-checksum-crc32c")
        if declared and self.command == "PUT" and crc32c.text(body) != declared:
            self.reply(400, {}, b"<Error><Code>BadDigest</Code><Message>The CRC32C you specified "
                       b"did not match the calculated checksum.</Message></Error>")
            return
        self.reply(*self.forward(body))

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_request

    def read_body(self, length):
        body = bytearray(length)
        view, done = memoryview(body), 0
        while done < length:
            count = self.rfile.readinto(view[done:done + PIECE])
            if not count:
                return None
            done += count
        return body

    def forward(self, body):
        conditional = self.command != "GET" and (
            self.headers.get("If-None-Match") or self.headers.get("If-Match"))
        with self.server.lock if conditional else self.server.no_lock:
            connection = http.client.HTTPConnection("127.0.0.1", self.server.moto_port)
            headers = {name: value for name, value in self.headers.items()
                       if name.lower() != "content-length"}
            headers["Content-Length"] = str(len(body))
            connection.request(self.command, self.path, bytes(body) if len(body) else None, headers)
            answer = connection.getresponse()
            data = answer.read()
            fields = {name: value for name, value in answer.getheaders()
                      if name.lower() not in HOP_HEADERS}
            if self.command == "HEAD":
                fields["Content-Length"] = answer.getheader("Content-Length", "0")
            connection.close()
        return answer.status, fields, data

    def reply(self, status, fields, body):
        if self.fault.get("lose_reply"):
            self.close_connection = True
            return
        if "corrupt_reply" in self.fault:
            body = flip_bit(body, self.fault["corrupt_reply"])
        self.send_response_only(status)
        self.send_header("Date", formatdate(time.time() + 60 * self.server.skew_minutes,
                                            usegmt=True))
        for name, value in fields.items():
            self.send_header(name, value)
        if self.command != "HEAD" and status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if not write_body(self.wfile, body, self.fault):
            self.close_connection = True

    def door(self, body):
        self.fault = {}
        value = {}
        if self.path == "/_faults":
            self.server.faults.add(json.loads(body))
        elif self.path == "/_skew":
            self.server.skew_minutes = json.loads(body)["minutes"]
        elif self.path == "/_heal":
            self.server.faults.heal()
        elif self.path == "/_reset":
            self.server.faults.reset()
            self.server.skew_minutes = 0
            self.server.make_buckets()
        elif self.path == "/_log":
            value = self.server.faults.log()
        elif self.path == "/_uploads":
            value = self.server.open_uploads()
        self.reply(200, {}, json.dumps(value).encode())


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, buckets):
        super().__init__(("127.0.0.1", 0), Proxy)
        self.lock, self.no_lock = threading.Lock(), threading.Semaphore(1 << 20)
        self.faults, self.skew_minutes = Faults(), 0
        self.bucket_names = buckets
        keep_values_in_memory()
        moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        moto.start()
        self.moto_port = moto.get_host_and_port()[1]
        self.make_buckets()

    def handle_error(self, request, client_address):
        pass  # a client that hung up

    def ask_moto(self, method, path):
        request = urllib.request.Request(f"http://127.0.0.1:{self.moto_port}{path}", method=method)
        return urllib.request.urlopen(request).read().decode()

    def make_buckets(self):
        self.ask_moto("POST", "/moto-api/reset")
        for name in self.bucket_names:
            self.ask_moto("PUT", f"/{name}")

    def open_uploads(self):
        """Uploads with parts: one whose creation's answer got lost holds none and costs nothing."""
        found = []
        for name in self.bucket_names:
            listing = self.ask_moto("GET", f"/{name}?uploads")
            for key, upload in re.findall(r"<Key>(.*?)</Key>\s*<UploadId>(.*?)</UploadId>", listing):
                parts = self.ask_moto("GET", f"/{name}/{quote(key)}?uploadId={quote(upload)}")
                found += [upload] if "<PartNumber>" in parts else []
        return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bucket", action="append", default=[])
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    server = Server(options.bucket or ["test-bucket"])
    end_with_parent()
    print("ready", server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
