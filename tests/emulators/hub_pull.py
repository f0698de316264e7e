"""The reading half of the emulated Hub: info, tree, refs, files, the CDN, and who asks."""
import base64
import json
import mmap
import random
import re
from urllib.parse import parse_qs, quote, unquote

from hub_repository import Refusal

KIND = r"(models|datasets)"
NAME = r"([^/]+(?:/[^/]+)?)"
# The web's paths have no "models/" in front.
WEB = r"/(datasets/)?((?!api/|datasets/|cdn/)[^/]+(?:/[^/]+)?)"


def repository(handler, kind, name, **rights):
    return handler.hub.repository_for(handler.user(), kind, unquote(name), **rights)


def describe(found, commit, with_blobs=False):
    siblings = []
    for path, file in sorted(commit.files.items()):
        sibling = {"rfilename": path}
        if with_blobs:
            sibling |= {"size": file.size, "blobId": file.oid}
            if file.is_lfs:
                sibling["lfs"] = {"sha256": file.sha256, "size": file.size, "pointerSize": 134}
        siblings.append(sibling)
    return {"_id": commit.id[:24], "id": found.name, "modelId": found.name, "sha": commit.id,
            "private": found.private, "gated": "auto" if found.gated else False,
            "disabled": False, "tags": [], "downloads": 0, "likes": 0, "author": found.owner,
            "lastModified": commit.date, "createdAt": commit.date, "siblings": siblings}


def info(handler, match, body):
    kind, name, revision = match.groups()
    found = repository(handler, kind, name)
    if found.name != unquote(name):
        handler.reply(307, b"", {"Location": handler.path.replace(unquote(name), found.name, 1)})
        return
    commit = found.find(unquote(revision or "main"))
    handler.reply_json(describe(found, commit, handler.query.get("blobs") == "true"))


def entries_of(commit, folder, recursive):
    """Files and folders below `folder`, as the tree lists them."""
    prefix = folder + "/" if folder else ""
    entries, folders = [], set()
    for path, file in sorted(commit.files.items()):
        if not path.startswith(prefix):
            continue
        parts = path[len(prefix):].split("/")
        for depth in range(1, len(parts) if recursive else min(2, len(parts))):
            above = prefix + "/".join(parts[:depth])
            if above not in folders:
                folders.add(above)
                entries.append({"type": "directory", "oid": "0" * 40, "size": 0, "path": above})
        if recursive or len(parts) == 1:
            entries.append(file.entry(path))
    if folder and not entries:
        raise Refusal(404, f"{folder} does not exist", "EntryNotFound")
    return entries


def tree(handler, match, body):
    kind, name, revision, folder = match.groups()
    found = repository(handler, kind, name)
    commit = found.find(unquote(revision))
    entries = entries_of(commit, unquote(folder or ""),
                         handler.query.get("recursive", "").lower() in ("true", "1"))
    begin = int(handler.query.get("cursor", 0))
    end = begin + min(handler.server.world.options.page, int(handler.query.get("limit", 1000)))
    headers = {}
    if end < len(entries):
        query = "&".join(f"{key}={quote(value)}" for key, value in handler.query.items()
                         if key != "cursor")
        headers["Link"] = f'<{handler.base_url}{handler.raw_path}?{query}&cursor={end}>; rel="next"'
    handler.reply_json(entries[begin:end], headers=headers)


def paths_info(handler, match, body):
    kind, name, revision = match.groups()
    found = repository(handler, kind, name)
    commit = found.find(unquote(revision))
    asked = paths_of(handler, body)
    handler.reply_json([commit.files[path].entry(path) for path in asked if path in commit.files])


def paths_of(handler, body):
    """The paths of a JSON or a form."""
    if handler.headers.get("Content-Type", "").startswith("application/json"):
        return json.loads(bytes(body))["paths"]
    return parse_qs(bytes(body).decode()).get("paths", [])


def refs(handler, match, body):
    kind, name = match.groups()
    found = repository(handler, kind, name)
    handler.reply_json({
        "branches": [{"name": branch, "ref": f"refs/heads/{branch}", "targetCommit": commit.id}
                     for branch, commit in found.branches.items()],
        "tags": [], "converts": []})


def whoami(handler, match, body):
    user = handler.user()
    if user is None:
        raise Refusal(401, "Invalid username or password.")
    handler.reply_json({
        "type": "user", "id": "0" * 24, "name": user.name, "fullname": user.name,
        "canPay": False, "isPro": False, "orgs": [
            {"type": "org", "name": org, "fullname": org, "roleInOrg": "write"}
            for org in user.organizations],
        "auth": {"type": "access_token",
                 "accessToken": {"displayName": "test", "role": user.role}}})


def resolve(handler, match, body):
    """A file: small ones by a relative redirect, LFS files by one to the CDN."""
    datasets, name, revision, path = match.groups()
    kind = "datasets" if datasets else "models"
    found = repository(handler, kind, name, to_read_files=True)
    renamed = found.name != unquote(name)
    commit = found.find(unquote(revision))
    path = unquote(path)
    headers = {"X-Repo-Commit": commit.id, "Accept-Ranges": "bytes"}
    if path not in commit.files:
        raise Refusal(404, "Entry not found", "EntryNotFound", headers)
    file = commit.files[path]
    if renamed:
        moved = handler.path.replace(unquote(name), found.name, 1)
        handler.reply(307, b"", headers | {"Location": moved})
    elif not file.is_lfs:
        handler.reply(307, b"", headers | {
            "ETag": f'"{file.etag}"', "X-Linked-Size": str(file.size),
            "Location": f"/api/resolve-cache/{kind}/{found.name}/{commit.id}/{quote(path, safe='')}"
                        f"?etag=%22{file.etag}%22"})
    elif handler.server.world.options.plain:
        serve(handler, file, headers | {"X-Linked-Etag": f'"{file.sha256}"',
                                        "X-Linked-Size": str(file.size)})
    else:
        handler.reply(302, b"", headers | {
            "X-Linked-Etag": f'"{file.sha256}"', "X-Linked-Size": str(file.size),
            "Location": f"{handler.cdn_url}/cdn/{file.sha256}?Signature=abc&Expires=99"})


def resolve_cache(handler, match, body):
    kind, name, commit_id, path = match.groups()
    found = repository(handler, kind, name, to_read_files=True)
    if "etag" not in handler.query:
        raise Refusal(400, "no etag in the query")
    file = found.find(commit_id).files[unquote(path)]
    serve(handler, file, {"X-Repo-Commit": commit_id, "ETag": f'"{file.etag}"'})


def cdn(handler, match, body):
    """Signed URLs: no token is wanted, and one is refused as a real CDN does."""
    if handler.server.label != "cdn" or handler.query.get("Signature") != "abc":
        raise Refusal(403, "no signature")
    if handler.headers.get("Authorization"):
        raise Refusal(400, "only one way of authorisation is allowed")
    sha256 = match.group(1)
    if sha256 not in handler.hub.lfs:
        raise Refusal(404, "no such object")
    serve_bytes(handler, handler.hub.lfs[sha256], {"ETag": '"cdn-md5"'}, sha256)


def serve(handler, file, headers):
    serve_bytes(handler, file.data, headers | {"ETag": f'"{file.etag}"'}, file.etag)


def serve_bytes(handler, data, headers, name):
    """The bytes, or the range of them that is asked for."""
    size = len(data)
    view = memoryview(data)
    if name in handler.server.world.lies:
        view = memoryview(bytes(size))
    headers = headers | {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", handler.headers.get("Range", ""))
    if not match or size == 0 or handler.fault.get("no_ranges"):  # nobody refuses ranges of nothing
        handler.reply(200, view, headers)
        return
    begin, last = int(match.group(1)), int(match.group(2) or size - 1)
    if begin >= size:
        handler.reply(416, b"", headers | {"Content-Range": f"bytes */{size}"})
        return
    end = min(last + 1, size)
    handler.reply(206, view[begin:end], headers | {
        "Content-Range": f"bytes {begin}-{end - 1}/{size}"})


def content_of(value):
    """What /_repository describes as a file's content."""
    if isinstance(value, str):
        return value.encode()
    if "base64" in value:
        return base64.b64decode(value["base64"])
    if "file" in value:
        with open(value["file"], "rb") as file:
            file.seek(0, 2)
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if file.tell() else b""
    return random.Random(value.get("seed", 0)).randbytes(value["bytes"])


def put_repository(handler, value):
    kind, name = value.get("kind", "models"), value["name"]
    hub = handler.hub
    with hub.lock:
        found = hub.repositories.get((kind, name)) or hub.create(kind, name)
        found.private = value.get("private", found.private)
        found.gated = value.get("gated", found.gated)
        found.allowed |= set(value.get("allowed", []))
        branch = value.get("branch", "main")
        found.branches.setdefault(branch, found.branches["main"])
        if "moved_from" in value:
            hub.aliases[value["moved_from"]] = name
        contents = {path: content_of(file) for path, file in value.get("files", {}).items()}
        if "remove" in value:
            kept = {path: file for path, file in found.branches[branch].files.items()
                    if path not in value["remove"]}
            found.add_commit(branch, kept, "remove files")
        commit = hub.put_files(found, contents, branch, lfs=value.get("lfs"))
        return {"commit": commit.id,
                "etags": {path: commit.files[path].etag for path in contents}}


def lie(handler, value):
    handler.server.world.lies.update(value["sha256"])
    return {}


ROUTES = [  # a name may have one part, so what follows it is tried first
    ("GET", rf"/api/{KIND}/{NAME}/tree/([^/]+)(?:/(.+))?", tree),
    ("POST", rf"/api/{KIND}/{NAME}/paths-info/([^/]+)", paths_info),
    ("GET", rf"/api/{KIND}/{NAME}/refs", refs),
    ("GET", rf"/api/{KIND}/{NAME}(?:/revision/([^/]+))?", info),
    ("GET", r"/api/whoami-v2", whoami),
    ("GET", rf"/api/resolve-cache/{KIND}/{NAME}/([0-9a-f]+)/(.+)", resolve_cache),
    ("GET", rf"{WEB}/resolve/([^/]+)/(.+)", resolve),
    ("GET", r"/cdn/([0-9a-f]+)", cdn),
]
DOORS = {"repository": put_repository, "lie": lie}
