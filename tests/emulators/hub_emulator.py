"""A small Hugging Face Hub for tests: what Temper and the official clients use, with faults.

Usage: hub_emulator.py [--port N] [--page N] [--plain]
Prints "ready PORT" when it serves. A second server on another port is the CDN: LFS files redirect
there. --page: entries a page of a tree; --plain: LFS files come from the Hub itself. Tokens:
hf_write and hf_read (ann, of org), hf_other (bob). The tests' own door:
  POST /_faults [fault, …]   see faults.py; they hit the Hub and the CDN (paths begin /cdn/)
  POST /_reset   forget faults, log and repositories          POST /_heal   forget faults
  GET  /_log     [[method, path], …]
  GET  /_requests [{"host": "hub"|"cdn", "method", "path", "authorization", "range"}, …]
  POST /_repository {"kind": "models", "name", "private", "gated", "allowed": [user, …],
        "files": {path: text | {"base64"} | {"bytes": n, "seed"} | {"file": path}}, "branch",
        "lfs": true|false, "remove": [path, …], "moved_from": name}   creates it, or adds a commit; answers {"commit"}
  POST /_lie {"sha256", …}   serves other bytes than that LFS file's from now on
  GET  /_state   {kind/name: {branch: {"commit", "title", "files": {path: sha256 of content}}}}
  POST /_<name>  what the modules below add as DOORS
Routes and doors come from hub_pull.py and hub_push.py: ROUTES = [(method, regex of the path,
function(handler, match, body))], DOORS = {name: function(handler, body)}.
Kept honest by tests/emulators/hub_client_test.py: the official clients must work with it.
"""
import argparse
import hashlib
import importlib.util
import json
import re
import sys
import threading
from http.server import ThreadingHTTPServer

import hub_pull
from faults import Faults
from faulty_handler import FaultyHandler
from hub_repository import Hub, Refusal
from parent import end_with_parent

MODULES = [hub_pull]
if importlib.util.find_spec("hub_push"):
    import hub_push
    MODULES.append(hub_push)
ROUTES = [(method, re.compile(pattern), function) for module in MODULES
          for method, pattern, function in module.ROUTES]
DOORS = {name: function for module in MODULES for name, function in module.DOORS.items()}


class Handler(FaultyHandler):
    """What routes get: query, headers, hub, user(), reply(), reply_json(), and the server. A route's match is unquoted where it
    is used.
    """
    REFUSAL = Refusal

    @property
    def faults(self):
        return self.server.world.faults

    def note(self):
        self.server.world.note(self)

    @property
    def hub(self):
        return self.server.world.hub

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.server.world.hub_port}"

    @property
    def cdn_url(self):
        return f"http://127.0.0.1:{self.server.world.cdn_port}"

    def user(self):
        return self.hub.user_of(self.headers.get("Authorization", ""))

    def take(self, _path, body):
        for method, pattern, function in ROUTES:
            match = pattern.fullmatch(self.raw_path)
            if match and (method == self.command or (method == "GET" and self.command == "HEAD")):
                function(self, match, body)
                return
        raise Refusal(404, f"Not found: {self.command} {self.raw_path}")

    def reply_refusal(self, refusal):
        headers = {"X-Error-Message": refusal.message} | refusal.headers
        if refusal.code:
            headers["X-Error-Code"] = refusal.code
        self.reply_json({"error": refusal.message}, refusal.status, headers)

    def door(self, path, body):
        name = path[2:]
        world = self.server.world
        value = json.loads(body) if body else {}
        answer = {}
        if name == "faults":
            world.faults.add(value)
        elif name == "heal":
            world.faults.heal()
        elif name == "reset":
            world.reset()
        elif name == "log":
            answer = world.faults.log()
        elif name == "requests":
            answer = world.requests()
        elif name == "state":
            answer = state_of(world.hub)
        elif name in DOORS:
            answer = DOORS[name](self, value)
        else:
            self.reply_json({"error": f"no door {name}"}, 404)
            return
        self.reply_json(answer)


def state_of(hub):
    """What the tests compare: every branch's content."""
    state = {}
    with hub.lock:
        for (kind, name), repository in hub.repositories.items():
            branches = repository.branches | repository.pull_requests
            state[f"{kind}/{name}"] = {
                branch: {"commit": commit.id, "title": commit.title,
                         "files": {path: hashlib.sha256(file.data).hexdigest()
                                   for path, file in commit.files.items()}}
                for branch, commit in branches.items()}
    return state


class World:
    """What the Hub's server and the CDN's share."""

    def __init__(self, options):
        self.options = options
        self.faults = Faults()
        self.hub_port = self.cdn_port = 0
        self.lock = threading.Lock()
        self.reset()

    def reset(self):
        self.faults.reset()
        self.hub = Hub()
        self.lies = set()
        with self.lock:
            self.noted = []

    def note(self, handler):
        with self.lock:
            self.noted.append({
                "host": handler.server.label, "method": handler.command, "path": handler.path,
                "authorization": handler.headers.get("Authorization", ""),
                "range": handler.headers.get("Range", ""),
                "user_agent": handler.headers.get("User-Agent", "")})

    def requests(self):
        with self.lock:
            return list(self.noted)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, world, label):
        super().__init__(("127.0.0.1", port), Handler)
        self.world, self.label = world, label

    def handle_error(self, request, client_address):
        """Clients that leave in the middle are part of the tests; our own bugs are shown."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--page", type=int, default=1000)
    parser.add_argument("--plain", action="store_true")
    world = World(parser.parse_args())
    end_with_parent()
    cdn = Server(0, world, "cdn")
    hub = Server(world.options.port, world, "hub")
    world.hub_port, world.cdn_port = hub.server_address[1], cdn.server_address[1]
    threading.Thread(target=cdn.serve_forever, daemon=True).start()
    print("ready", world.hub_port, flush=True)
    hub.serve_forever()


if __name__ == "__main__":
    main()
