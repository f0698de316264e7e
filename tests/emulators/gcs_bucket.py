"""The state of an emulated GCS: buckets, objects with generations, upload sessions.

Follows the JSON API's documentation: preconditions are checked when an upload begins and again
when it ends; a resumable session keeps whole multiples of 256 KiB until its last byte came.
"""
import base64
import hashlib
import threading
import time
import uuid

import crc32c

QUANTUM = 256 * 1024


class Refusal(Exception):
    """An answer that is an error: status, reason, message."""

    def __init__(self, status, reason, message):
        super().__init__(message)
        self.status, self.reason, self.message = status, reason, message


class StoredObject:
    def __init__(self, bucket, name, data, generation, metadata):
        self.bucket, self.name, self.data, self.generation = bucket, name, data, generation
        self.metadata = metadata
        self.crc32c = crc32c.text(data)
        self.time = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())

    def resource(self):
        # No md5Hash, as for composed objects: clients must live without, and md5 is slow.
        result = {
            "kind": "storage#object", "bucket": self.bucket, "name": self.name,
            "id": f"{self.bucket}/{self.name}/{self.generation}",
            "size": str(len(self.data)), "generation": str(self.generation), "metageneration": "1",
            "crc32c": self.crc32c, "etag": base64.b64encode(str(self.generation).encode()).decode(),
            "contentType": "application/octet-stream", "timeCreated": self.time,
            "updated": self.time, "storageClass": "STANDARD",
        }
        if self.metadata:
            result["metadata"] = self.metadata
        return result


class Session:
    """A resumable upload."""

    def __init__(self, bucket, name, resource, preconditions, declared_total):
        self.id = uuid.uuid4().hex
        self.bucket, self.name, self.resource = bucket, name, resource
        self.preconditions = preconditions
        self.data = bytearray(declared_total or 0)
        self.persisted = 0
        self.finished = None


class Buckets:
    """Everything. Methods that answer raise Refusal. Thread-safe."""

    def __init__(self, names):
        self._lock = threading.RLock()
        self._generation = int(time.time() * 1e6)
        self.objects = {name: {} for name in names}
        self.sessions = {}

    def bucket(self, name):
        if name not in self.objects:
            raise Refusal(404, "notFound", "The specified bucket does not exist.")
        return self.objects[name]

    def get(self, bucket, name, generation=None):
        with self._lock:
            found = self.bucket(bucket).get(name)
        if found is None or (generation is not None and str(found.generation) != generation):
            raise Refusal(404, "notFound", f"No such object: {bucket}/{name}")
        return found

    def check(self, bucket, name, preconditions):
        there = self.bucket(bucket).get(name)
        wanted = preconditions.get("ifGenerationMatch")
        if wanted is not None and int(wanted) != (there.generation if there else 0):
            raise Refusal(412, "conditionNotMet", "At least one of the pre-conditions you "
                          "specified did not hold.")

    @staticmethod
    def check_name(name):
        if not name or len(name.encode()) > 1024 or "\n" in name or "\r" in name:
            raise Refusal(400, "invalid", "Invalid argument: the object's name")

    def put(self, bucket, name, data, resource, preconditions, declared_crc=None):
        self.check_name(name)
        made = StoredObject(bucket, name, data, 0, resource.get("metadata", {}))
        declared = declared_crc or resource.get("crc32c")
        if declared and declared != made.crc32c:
            raise Refusal(400, "invalid", f"Provided CRC32C \"{declared}\" doesn't match "
                          f"calculated CRC32C \"{made.crc32c}\".")
        md5 = resource.get("md5Hash")
        if md5 and md5 != base64.b64encode(hashlib.md5(data).digest()).decode():
            raise Refusal(400, "invalid", "Provided MD5 hash doesn't match calculated MD5 hash.")
        with self._lock:
            self.check(bucket, name, preconditions)
            self._generation += 1
            made.generation = self._generation
            self.bucket(bucket)[name] = made
        return made

    def delete(self, bucket, name, preconditions):
        with self._lock:
            self.get(bucket, name)
            self.check(bucket, name, preconditions)
            del self.objects[bucket][name]

    def list(self, bucket, prefix, page_token, max_results):
        with self._lock:
            names = sorted(self.bucket(bucket), key=lambda name: name.encode())
            found = [name for name in names if name.startswith(prefix) and name > page_token]
            page = [self.objects[bucket][name].resource() for name in found[:max_results]]
        return page, found[max_results - 1] if len(found) > max_results else ""

    def open_session(self, bucket, name, resource, preconditions, declared_total):
        self.check_name(name)
        with self._lock:
            self.check(bucket, name, preconditions)
            session = Session(bucket, name, resource, preconditions, declared_total)
            self.sessions[session.id] = session
        return session

    def session(self, session_id):
        with self._lock:
            if session_id not in self.sessions:
                raise Refusal(404, "notFound", "No such upload")
            return self.sessions[session_id]

    def append(self, session, begin, chunk, total, declared_crc, keep=None):
        """Takes a chunk; `keep` limits how much. Returns the object when the upload is whole."""
        if session.finished is not None:
            return session.finished
        if begin > session.persisted:
            raise Refusal(503, "backendError", f"Invalid request: {session.persisted} persisted")
        kept = len(chunk) if keep is None else min(keep, len(chunk))
        end = begin + kept
        whole = total is not None and end == total
        if not whole:
            end -= end % QUANTUM
        if len(session.data) < end:
            session.data.extend(bytes(end - len(session.data)))
        if end > session.persisted:
            if getattr(chunk, "obj", None) is not session.data:  # else it was read into its place
                session.data[begin:end] = memoryview(chunk)[:end - begin]
            session.persisted = end
        if not whole:
            return None
        del session.data[end:]
        with self._lock:
            try:
                session.finished = self.put(session.bucket, session.name, session.data,
                                            session.resource, session.preconditions, declared_crc)
            except Refusal:
                self.sessions.pop(session.id, None)
                raise
        return session.finished

    def open_sessions(self):
        with self._lock:
            return [session.id for session in self.sessions.values()
                    if session.finished is None and session.persisted > 0]

    def cancel(self, session_id):
        with self._lock:
            self.session(session_id)
            del self.sessions[session_id]
