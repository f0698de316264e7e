"""Faults on demand, for any HTTP server of the tests.

A fault is a JSON object. What it hits:
  "method", "path"   regular expressions on the request line (default: everything)
  "at"               skip so many matching requests first (default 0)
  "times"            hit so many matching requests (default 1; -1: all from then on)
What it does (one of):
  "status": 503, "headers": {...}, "body": "..."   answer so, without doing anything
  "cut_request": k   read k bytes of the body, keep what a resumable upload keeps, close
  "lose_reply": true do the request, close without a word
  "cut_reply": k     do it, send k bytes of the answer's body, close
  "corrupt_request": k / "corrupt_reply": k        flip a bit of byte k of the body
  "short": k         of an upload's chunk, keep k bytes only and say so (308)
  "trickle": [k, s]  send the answer's body k bytes at a time with s seconds between
  "stall": s         wait s seconds before anything
  "refuse": true     close at once: a service that is down
"""
import re
import threading
import time


class Faults:
    """The faults in wait, and the log of requests. Thread-safe."""

    def __init__(self):
        self._lock = threading.Lock()
        self._faults = []
        self._log = []

    def reset(self):
        with self._lock:
            self._faults = []
            self._log = []

    def heal(self):
        with self._lock:
            self._faults = []

    def add(self, faults):
        with self._lock:
            for fault in faults:
                self._faults.append({"at": 0, "times": 1, **fault})

    def log(self):
        with self._lock:
            return list(self._log)

    def next_for(self, method, path):
        """Notes the request and returns the fault that hits it: {} if none."""
        with self._lock:
            self._log.append([method, path])
            hit = {}
            for fault in self._faults:
                if not (re.search(fault.get("method", ""), method)
                        and re.search(fault.get("path", ""), path)):
                    continue
                if fault["at"] > 0:
                    fault["at"] -= 1
                elif fault["times"] != 0 and not hit:
                    fault["times"] -= 1
                    hit = fault
            return hit


def write_body(stream, body, fault):
    """Sends an answer's body as `fault` has it. False: the connection is to be closed behind it."""
    view = memoryview(body)
    if "trickle" in fault and "cut_reply" not in fault:
        count, seconds = fault["trickle"]
        for begin in range(0, len(view), count):
            stream.write(view[begin:begin + count])
            stream.flush()
            time.sleep(seconds)
    else:
        stream.write(view[:fault.get("cut_reply", len(view))])
    stream.flush()
    return "cut_reply" not in fault


def flip_bit(body, position):
    """`body` with one bit of byte `position` changed."""
    changed = bytearray(body)
    if changed:
        changed[position % len(changed)] ^= 1
    return changed
