"""The writing half of the emulated Hub: repositories, branches, LFS uploads, commits, pull requests.

Doors:
  POST /_push {"multipart_from", "part_bytes", "max_file_bytes", "max_private_bytes"}   how uploads go
  GET  /_history  {kind/name: {branch: [{"commit", "title", "description", "author", "files":
                  {path: sha256 of content}}, … newest first]}}
Faults (see faults.py) that hit commits only:
  "race": {path: text, …}   somebody else (bob) commits these files just before
  "done_status": 500        the commit is made, the answer says so
LFS objects are uploaded to the second host, which refuses a token; "…/complete" and "…/verify" are
the Hub's own.
"""
import base64
import binascii
import fnmatch
import hashlib
import json
import re
from urllib.parse import unquote

from hub_pull import KIND, NAME, repository
from hub_repository import LFS_FROM_BYTES, LFS_NAMES, Commit, File, Refusal

COMMITS_A_PAGE = 50
LFS_TYPE = {"Content-Type": "application/vnd.git-lfs+json"}


class PushState:
    def __init__(self):
        self.settings = {"multipart_from": 1 << 32, "part_bytes": 16 << 20,
                         "max_file_bytes": 500 << 30}
        self.parts = {}  # sha256 -> {number: bytes}
        self.discussions = {}  # kind, name -> [{…}, …]


def state_of(hub):
    with hub.lock:
        if not hasattr(hub, "push"):
            hub.push = PushState()
        return hub.push


def writable(handler, kind, name, opens_pr=False):
    """The repository, if whoever asks may write to it (or open a pull request)."""
    if not opens_pr:
        return repository(handler, kind, name, to_write=True)
    found = repository(handler, kind, name)
    user = handler.user()
    if user is None:
        raise Refusal(401, "Invalid username or password.")
    if user.role != "write":
        raise Refusal(403, "Forbidden: you must use a write token to upload to a repository.")
    return found


def create(handler, match, body):
    asked = json.loads(bytes(body))
    user = handler.user()
    if user is None:
        raise Refusal(401, "Invalid username or password.")
    owner = asked.get("organization") or user.name
    name = f"{owner}/{asked['name']}"
    kind = asked.get("type", "model") + "s"
    if not re.fullmatch(r"(?!.*(--|\.\.))[\w][\w.-]{0,95}", asked["name"]):
        raise Refusal(400, f"Invalid repo name: {asked['name']}")
    if user.role != "write":
        raise Refusal(403, "You don't have the rights to create a model under the namespace "
                           f"\"{owner}\": this token is read-only")
    if not handler.hub.is_member(user, owner):
        raise Refusal(403, "You don't have the rights to create a model under the namespace "
                           f"\"{owner}\"")
    with handler.hub.lock:
        if (kind, name) in handler.hub.repositories:
            handler.reply_json({"error": "You already created this model repo",
                                "url": f"{handler.base_url}/{name}"}, 409)
            return
        made = handler.hub.create(kind, name, private=asked.get("visibility") == "private" or
                                  asked.get("private", False))
        handler.hub.put_files(made, {".gitattributes": b"*.safetensors filter=lfs\n"}, lfs=False)
    handler.reply_json({"url": f"{handler.base_url}/{name}", "id": name, "name": name})


def branch(handler, match, body):
    kind, name, new = match.groups()
    found = writable(handler, kind, name)
    new = unquote(new)
    asked = json.loads(bytes(body) or b"{}")
    with handler.hub.lock:
        if new in found.branches:
            raise Refusal(409, f"Reference refs/heads/{new} already exists")
        found.branches[new] = found.find(asked.get("startingPoint") or "main")
    handler.reply_json({"success": True})


def preupload(handler, match, body):
    kind, name, revision = match.groups()
    found = writable(handler, kind, name, "create_pr" in handler.query)
    commit = found.find(unquote(revision))
    ignored = commit.files.get(".gitignore")
    patterns = bytes(ignored.data).decode().split() if ignored else []
    files = []
    for file in json.loads(bytes(body))["files"]:
        sample = base64.b64decode(file["sample"], validate=True)
        if len(sample) != min(file["size"], 512):
            raise Refusal(400, f"{file['path']}: a sample of {len(sample)} bytes")
        is_lfs = file["size"] > 0 and (bool(LFS_NAMES.search(file["path"]))
                                       or file["size"] >= LFS_FROM_BYTES)
        known = commit.files.get(file["path"])
        files.append({"path": file["path"], "uploadMode": "lfs" if is_lfs else "regular",
                      "shouldIgnore": any(fnmatch.fnmatch(file["path"], p) for p in patterns)}
                     | ({"oid": known.oid} if known else {}))
    handler.reply_json({"files": files, "commitOid": commit.id})


def batch(handler, match, body):
    datasets, name = match.groups()
    kind = "datasets" if datasets else "models"
    found = writable(handler, kind, name, opens_pr=True)
    asked = json.loads(bytes(body))
    if asked["operation"] != "upload" or asked["hash_algo"] not in ("sha256", "sha_256"):
        raise Refusal(422, "only uploads with sha256")
    settings = state_of(handler.hub).settings
    multipart = "multipart" in asked["transfers"] and any(
        wanted["size"] >= settings["multipart_from"] for wanted in asked["objects"])
    objects = [upload_of(handler, found, wanted, multipart, settings)
               for wanted in asked["objects"]]
    handler.reply_json({"transfer": "multipart" if multipart else "basic", "objects": objects},
                       headers=LFS_TYPE)


def upload_of(handler, found, wanted, multipart, settings):
    sha256, size = wanted["oid"], wanted["size"]
    answer = {"oid": sha256, "size": size}
    if size > settings["max_file_bytes"]:
        return answer | {"error": {"code": 413, "message": "File size exceeds the limit of "
                                   f"{settings['max_file_bytes']} bytes"}}
    if sha256 in handler.hub.lfs:
        return answer
    verify = {"href": f"{handler.base_url}/{found.name}.git/info/lfs/objects/verify", "header": {}}
    if multipart and size >= settings["multipart_from"]:
        part = settings["part_bytes"]
        count = -(-size // part)
        header = {"chunk_size": str(part)} | {
            str(i): f"{handler.cdn_url}/upload/{sha256}/{i}?Signature=up" for i in
            range(1, count + 1)}
        upload = {"href": f"{handler.base_url}/api/complete/{sha256}?parts={count}",
                  "header": header}
    else:
        upload = {"href": f"{handler.cdn_url}/upload/{sha256}?Signature=up",
                  "header": {"X-Upload-For": sha256}}
    return answer | {"actions": {"upload": upload, "verify": verify}}


def check_signed(handler):
    if handler.server.label != "cdn" or handler.query.get("Signature") != "up":
        raise Refusal(403, "no signature")
    if handler.headers.get("Authorization"):
        raise Refusal(400, "only one way of authorisation is allowed")


def upload(handler, match, body):
    check_signed(handler)
    sha256, part = match.groups()
    if part is None:
        store(handler.hub, sha256, body)
        handler.reply(200, b"", {"ETag": f'"{sha256[:32]}"'})
        return
    with handler.hub.lock:
        state_of(handler.hub).parts.setdefault(sha256, {})[int(part)] = body
    handler.reply(200, b"", {"ETag": etag_of(body)})


def etag_of(data):
    return f'"{hashlib.md5(data).hexdigest()}"'


def store(hub, sha256, data):
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Refusal(400, "BadDigest: the bytes are not those of that name")
    with hub.lock:
        hub.lfs[sha256] = data


def complete(handler, match, body):
    sha256 = match.group(1)
    asked = json.loads(bytes(body))
    parts = state_of(handler.hub).parts.get(sha256, {})
    numbers = [part["partNumber"] for part in asked["parts"]]
    if numbers != list(range(1, int(handler.query["parts"]) + 1)) or any(
            part["partNumber"] not in parts or
            part["etag"].strip('"') != etag_of(parts[part["partNumber"]]).strip('"')
            for part in asked["parts"]):
        raise Refusal(400, "InvalidPart: one or more of the parts could not be found")
    store(handler.hub, sha256, b"".join(parts[number] for number in numbers))
    handler.reply_json({"ok": True})


def verify(handler, match, body):
    writable(handler, "models", match.group(1), opens_pr=True)
    asked = json.loads(bytes(body))
    data = handler.hub.lfs.get(asked["oid"])
    if data is None or len(data) != asked["size"]:
        raise Refusal(404, "the object is not there in that size")
    handler.reply_json({"message": "success"})


def commit(handler, match, body):
    kind, name, revision = match.groups()
    opens_pr = "create_pr" in handler.query
    found = writable(handler, kind, name, opens_pr)
    lines = [json.loads(line) for line in bytes(body).splitlines() if line.strip()]
    if not lines or lines[0]["key"] != "header":
        raise Refusal(400, "the first line is no header")
    header = lines[0]["value"]
    hub, revision = handler.hub, unquote(revision)
    with hub.lock:
        if "race" in handler.fault:
            hub.put_files(found, {path: text.encode() for path, text in
                                  handler.fault["race"].items()}, revision, "Update by hand")
            found.branches[revision].author = "bob"
        head = found.find(revision)
        if header.get("parentCommit", head.id) != head.id:
            raise Refusal(412, "A commit has happened since. Please refresh and try again.")
        files = changed_files(hub, head.files, lines[1:])
        made = Commit(head, files, header["summary"], header.get("description", ""),
                      handler.user().name)
        found.commits[made.id] = made
        answer = {"success": True, "commitOid": made.id, "hookOutput": "",
                  "commitUrl": f"{handler.base_url}/{found.name}/commit/{made.id}"}
        if opens_pr:
            answer["pullRequestUrl"] = open_pull_request(handler, found, made)
        elif revision in found.branches:
            found.branches[revision] = made
        elif revision in found.pull_requests:
            found.pull_requests[revision] = made
        else:
            raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    if "done_status" in handler.fault:
        raise Refusal(handler.fault["done_status"], "Internal Error - We're working hard on it")
    handler.reply_json(answer)


def changed_files(hub, before, lines):
    files = dict(before)
    for line in lines:
        value = line["value"]
        path = value["path"]
        if line["key"] == "file":
            files[path] = regular_file(path, value)
        elif line["key"] == "lfsFile":
            data = hub.lfs.get(value["oid"])
            if data is None or len(data) != value["size"]:
                raise Refusal(422, f"LFS pointer of {path} points to an object that is not there")
            files[path] = File(data, True, value["oid"])
        elif line["key"] == "deletedFile":
            files.pop(path, None)
        elif line["key"] == "deletedFolder":
            files = {name: file for name, file in files.items()
                     if not name.startswith(path.rstrip("/") + "/")}
        else:
            raise Refusal(400, f"unknown operation {line['key']}")
    return files


def regular_file(path, value):
    try:
        data = base64.b64decode(value["content"], validate=True)
    except binascii.Error:
        raise Refusal(400, f"{path} is not base64")
    if len(data) >= LFS_FROM_BYTES or (data and LFS_NAMES.search(path)):
        raise Refusal(400, "Your push was rejected because it contains files larger than 10 MiB or "
                           f"binary files: {path}. Please use LFS.")
    return File(data, False)


def open_pull_request(handler, found, made):
    discussions = state_of(handler.hub).discussions.setdefault((found.kind, found.name), [])
    number = len(discussions) + 1
    found.pull_requests[f"refs/pr/{number}"] = made
    discussions.append({"num": number, "title": made.title, "status": "open",
                        "isPullRequest": True, "createdAt": made.date,
                        "author": {"name": made.author, "type": "user"},
                        "repo": {"name": found.name, "type": found.kind[:-1]}})
    return f"{handler.base_url}/{found.name}/discussions/{number}"


def commits(handler, match, body):
    kind, name, revision = match.groups()
    found = repository(handler, kind, name)
    chain = chain_of(found.find(unquote(revision)))
    page = int(handler.query.get("p", 0))
    rest = chain[page * COMMITS_A_PAGE:]
    headers = {"X-Total-Count": str(len(chain))}
    if len(rest) > COMMITS_A_PAGE:
        headers["Link"] = f'<{handler.base_url}{handler.raw_path}?p={page + 1}>; rel="next"'
    handler.reply_json([{"id": one.id, "title": one.title, "message": one.description,
                         "authors": [{"user": one.author}] if one.author else [],
                         "date": one.date} for one in rest[:COMMITS_A_PAGE]], headers=headers)


def chain_of(newest):
    chain = []
    while newest is not None:
        chain.append(newest)
        newest = newest.parent
    return chain


def discussions(handler, match, body):
    kind, name = match.groups()
    found = repository(handler, kind, name)
    listed = state_of(handler.hub).discussions.get((found.kind, found.name), [])
    page = int(handler.query.get("p", 0))
    handler.reply_json({"discussions": listed[::-1][page * 50:page * 50 + 50],
                        "count": len(listed), "start": page * 50})


def validate_yaml(handler, match, body):
    handler.reply_json({"errors": [], "warnings": []})


def history(handler, value):
    answer = {}
    with handler.hub.lock:
        for (kind, name), found in handler.hub.repositories.items():
            answer[f"{kind}/{name}"] = {
                ref: [{"commit": one.id, "title": one.title, "description": one.description,
                       "author": one.author,
                       "files": {path: hashlib.sha256(file.data).hexdigest()
                                 for path, file in one.files.items()}} for one in chain_of(head)]
                for ref, head in (found.branches | found.pull_requests).items()}
    return answer


def configure(handler, value):
    state_of(handler.hub).settings.update(value)
    return {}


ROUTES = [
    ("POST", r"/api/repos/create", create),
    ("POST", rf"/api/{KIND}/{NAME}/branch/([^/]+)", branch),
    ("POST", rf"/api/{KIND}/{NAME}/preupload/([^/]+)", preupload),
    ("POST", rf"/api/{KIND}/{NAME}/commit/([^/]+)", commit),
    ("GET", rf"/api/{KIND}/{NAME}/commits/([^/]+)", commits),
    ("GET", rf"/api/{KIND}/{NAME}/discussions", discussions),
    ("POST", rf"/(datasets/)?{NAME}\.git/info/lfs/objects/batch", batch),
    ("POST", rf"/{NAME}\.git/info/lfs/objects/verify", verify),
    ("PUT", r"/upload/([0-9a-f]+)(?:/(\d+))?", upload),
    ("POST", r"/api/complete/([0-9a-f]+)", complete),
    ("POST", r"/api/validate-yaml", validate_yaml),
]
DOORS = {"push": configure, "history": history}
