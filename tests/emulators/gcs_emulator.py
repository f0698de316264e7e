"""A small Google Cloud Storage for tests: the JSON API that Temper uses, with faults on demand.

Usage: gcs_emulator.py [--port N] [--bucket NAME]… [--require-token]
Prints "ready PORT" when it serves. The tests' own door:
  POST /_faults [fault, …]   see faults.py        POST /_reset   forget faults, log and objects
  POST /_heal                forget faults
  GET  /_log                 [[method, path], …]  GET  /_uploads ids of unfinished uploads with bytes
  POST /_tokens {…}          see google_tokens.py
Kept honest by tests/emulators/google_client_test.py: Google's own client must work with it.
"""
import argparse
import json
import re
import sys
from http.server import ThreadingHTTPServer
from urllib.parse import unquote

from faults import Faults
from faulty_handler import FaultyHandler
from gcs_bucket import Buckets, Refusal
from google_tokens import Tokens
from parent import end_with_parent


class Handler(FaultyHandler):
    REFUSAL = Refusal
    CHARSET = "UTF-8"

    @property
    def faults(self):
        return self.server.faults

    def room_for(self, length):
        """Where an undisturbed next chunk belongs, to be read straight into; None for anything else."""
        match = re.fullmatch(r"bytes (\d+)-\d+/\d+", self.headers.get("Content-Range", ""))
        session = self.server.buckets.sessions.get(self.query.get("upload_id"))
        if self.fault or not match or not session or session.finished:
            return None
        begin = int(match.group(1))
        place = memoryview(session.data)[begin:begin + length]
        return place if begin == session.persisted and len(place) == length else None

    def keep_cut(self, body):
        """What a cut chunk leaves in its session."""
        if self.command != "PUT" or not self.query.get("upload_id"):
            return
        match = re.match(r"bytes (\d+)-", self.headers.get("Content-Range", ""))
        try:
            session = self.server.buckets.session(self.query["upload_id"])
            if match:
                self.server.buckets.append(session, int(match.group(1)), body, None, None)
        except Refusal:
            pass

    def reply_refusal(self, refusal):
        self.reply_json({"error": {"code": refusal.status, "message": refusal.message,
                                   "errors": [{"reason": refusal.reason,
                                               "message": refusal.message}]}}, refusal.status)

    # What the tests ask of the emulator itself.

    def door(self, path, body):
        server = self.server
        if path == "/_faults":
            server.faults.add(json.loads(body))
        elif path == "/_heal":
            server.faults.heal()
        elif path == "/_reset":
            server.faults.reset()
            server.buckets = Buckets(server.bucket_names)
        elif path == "/_tokens":
            server.tokens.configure(json.loads(body))
        elif path == "/_uploads":
            self.reply_json(server.buckets.open_sessions())
            return
        elif path == "/_log":
            self.reply_json(server.faults.log())
            return
        self.reply_json({})

    # The API.

    def take(self, path, body):
        if self.server.tokens.serve(self, path, body):
            return
        self.server.tokens.check(self.headers, Refusal)
        # Google's Python client asks for a bucket's location before some uploads.
        match = re.fullmatch(r"(?:/download)?(/upload)?/storage/v1/b/([^/]+)(?:/o(?:/(.+))?)?", path)
        if not match:
            raise Refusal(404, "notFound", f"no such method: {path}")
        upload, bucket, name = match.group(1), unquote(match.group(2)), match.group(3)
        if upload:
            self.upload(bucket, body)
        elif name is None:
            self.list_objects(bucket)
        else:
            self.object(bucket, unquote(name))

    def list_objects(self, bucket):
        if self.raw_path.endswith("/o"):
            page, next_token = self.server.buckets.list(
                bucket, self.query.get("prefix", ""), self.query.get("pageToken", ""),
                min(int(self.query.get("maxResults", 1000)), 1000))
            self.reply_json({"kind": "storage#objects", "items": page}
                            | ({"nextPageToken": next_token} if next_token else {}))
            return
        self.server.buckets.bucket(bucket)
        self.reply_json({"kind": "storage#bucket", "name": bucket, "id": bucket,
                         "location": "US", "locationType": "multi-region"})

    def object(self, bucket, name):
        buckets = self.server.buckets
        if self.command == "DELETE":
            buckets.delete(bucket, name, self.query)
            self.reply(204)
            return
        found = buckets.get(bucket, name, self.query.get("generation"))
        if self.query.get("alt") != "media":
            self.reply_json(found.resource())
            return
        headers = {"Content-Type": "application/octet-stream",
                   "x-goog-hash": f"crc32c={found.crc32c}",
                   "x-goog-generation": str(found.generation),
                   "x-goog-stored-content-length": str(len(found.data)),
                   "x-goog-stored-content-encoding": "identity"}
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not match:
            self.reply(200, found.data, headers)
            return
        begin, size = int(match.group(1)), len(found.data)
        end = min(int(match.group(2) or size - 1) + 1, size)
        if begin >= size:
            self.reply(416, b"", headers | {"Content-Range": f"bytes */{size}"})
            return
        self.reply(206, memoryview(found.data)[begin:end],
                   headers | {"Content-Range": f"bytes {begin}-{end - 1}/{size}"})

    def upload(self, bucket, body):
        buckets = self.server.buckets
        kind = self.query.get("uploadType")
        if self.query.get("upload_id"):
            self.resume(self.query["upload_id"], body)
        elif kind == "media":
            made = buckets.put(bucket, self.query["name"], body, {}, self.query)
            self.reply_json(made.resource())
        elif kind == "multipart":
            resource, data = self.split_multipart(body)
            name = resource.get("name") or self.query["name"]
            self.reply_json(buckets.put(bucket, name, data, resource, self.query).resource())
        elif kind == "resumable":
            resource = json.loads(bytes(body) or b"{}")
            total = self.headers.get("X-Upload-Content-Length")
            session = buckets.open_session(bucket, resource.get("name") or self.query["name"],
                                           resource, self.query, total and int(total))
            host = self.headers["Host"]
            self.reply(200, b"", {"Location": f"http://{host}/upload/storage/v1/b/{bucket}/o?"
                                              f"uploadType=resumable&upload_id={session.id}"})
        else:
            raise Refusal(400, "invalid", f"uploadType {kind}")

    def split_multipart(self, body):
        boundary = re.search(r'boundary="?([^";]+)', self.headers["Content-Type"]).group(1)
        mark = b"--" + boundary.encode()
        head = body.index(mark) + len(mark)
        middle = body.index(b"\r\n" + mark, head)
        resource = bytes(body[body.index(b"\r\n\r\n", head) + 4:middle])
        begin = body.index(b"\r\n\r\n", middle + 2) + 4
        end = body.rindex(b"\r\n" + mark + b"--")
        return json.loads(resource), body[begin:end]

    def resume(self, session_id, body):
        buckets = self.server.buckets
        session = buckets.session(session_id)
        if self.command == "DELETE":
            buckets.cancel(session_id)
            self.reply(499)
            return
        spec = self.headers.get("Content-Range", "")
        query = re.fullmatch(r"bytes \*/(\d+|\*)", spec)
        chunk = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", spec)
        if query:
            made = session.finished
        elif chunk:
            total = None if chunk.group(3) == "*" else int(chunk.group(3))
            begin, end = int(chunk.group(1)), int(chunk.group(2)) + 1
            if end - begin != len(body) or (end != total and (end - begin) % (256 * 1024)):
                raise Refusal(400, "invalid", f"chunk of {len(body)} bytes as {spec}")
            crc = re.search(r"crc32c=([^,]+)", self.headers.get("X-Goog-Hash", ""))
            made = buckets.append(session, begin, body, total, crc and crc.group(1),
                                  self.fault.get("short"))
        elif not spec:
            made = buckets.append(session, 0, body, len(body), None)
        else:
            raise Refusal(400, "invalid", f"Content-Range {spec}")
        if made is not None:
            self.reply_json(made.resource())
        elif session.persisted == 0:
            self.reply(308)
        else:
            self.reply(308, b"", {"Range": f"bytes=0-{session.persisted - 1}"})


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # a client that hung up


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--bucket", action="append", default=[])
    parser.add_argument("--require-token", action="store_true")
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    server.bucket_names = options.bucket or ["test-bucket"]
    server.buckets = Buckets(server.bucket_names)
    server.faults = Faults()
    server.tokens = Tokens(options.require_token)
    end_with_parent()
    print("ready", server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
