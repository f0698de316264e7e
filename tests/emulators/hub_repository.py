"""The state of an emulated Hugging Face Hub: repositories with branches, commits and files, the LFS
store, and who may do what.

Follows what huggingface_hub 1.x and 2.x ask for and the answers that they are written against.
"""
import datetime
import hashlib
import re
import threading

LFS_FROM_BYTES = 10 << 20
# What .gitattributes of a new repository sends to LFS whatever its size.
LFS_NAMES = re.compile(r"\.(safetensors|gguf|bin|pt|pth|onnx|msgpack|h5|parquet|zip|gz|zst|npz)$")


class Refusal(Exception):
    """An answer that is an error: status, X-Error-Code ("" for none), message."""

    def __init__(self, status, message, code="", headers=None):
        super().__init__(message)
        self.status, self.message, self.code = status, message, code
        self.headers = dict(headers or {})


def git_oid(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class File:
    """Content of a file in a commit. `data` is any buffer (bytes, mmap); None: only declared."""

    def __init__(self, data, is_lfs, sha256=None):
        self.data, self.is_lfs, self.size = data, is_lfs, len(data)
        self.sha256 = (sha256 or hashlib.sha256(data).hexdigest()) if is_lfs else None
        if is_lfs:
            pointer = (f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\n"
                       f"size {self.size}\n")
            self.oid = git_oid(pointer.encode())
        else:
            self.oid = git_oid(bytes(data))

    @property
    def etag(self):
        return self.sha256 if self.is_lfs else self.oid

    def entry(self, path):
        """As the tree and paths-info tell it."""
        entry = {"type": "file", "oid": self.oid, "size": self.size, "path": path}
        if self.is_lfs:
            entry["lfs"] = {"oid": self.sha256, "size": self.size, "pointerSize": 134}
        return entry


class Commit:
    def __init__(self, parent, files, title, description="", author=""):
        self.parent, self.files, self.title = parent, files, title
        self.description, self.author = description, author
        self.date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        text = repr((parent.id if parent else "", title, self.date, author,
                     sorted((path, file.oid) for path, file in files.items())))
        self.id = hashlib.sha1(text.encode()).hexdigest()


class Repository:
    """One repository. Changes go through Hub's lock."""

    def __init__(self, kind, name, private=False, gated=False):
        self.kind, self.name, self.private, self.gated = kind, name, private, gated
        self.allowed = set()  # users who were let in, if it is gated
        first = Commit(None, {}, "initial commit")
        self.branches = {"main": first}
        self.pull_requests = {}
        self.commits = {first.id: first}

    @property
    def owner(self):
        return self.name.split("/")[0]

    def add_commit(self, branch, files, title, description="", author=""):
        """A commit on `branch` that makes the tree `files`."""
        commit = Commit(self.branches[branch], files, title, description, author)
        self.commits[commit.id] = commit
        self.branches[branch] = commit
        return commit

    def find(self, revision):
        """The commit that a branch, refs/pr/N or (a prefix of at least 7 of) a commit's id names."""
        for names in (self.branches, self.pull_requests):
            for name in (revision, revision.removeprefix("refs/heads/")):
                if name in names:
                    return names[name]
        if re.fullmatch(r"[0-9a-f]{7,40}", revision):
            for commit_id, commit in self.commits.items():
                if commit_id.startswith(revision):
                    return commit
        raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")


class User:
    def __init__(self, name, role="write", organizations=()):
        self.name, self.role, self.organizations = name, role, tuple(organizations)


class Hub:
    """Everything. Methods that answer raise Refusal. `lock` guards whoever changes anything."""

    def __init__(self):
        self.lock = threading.RLock()
        self.repositories = {}
        self.lfs = {}  # sha256 -> bytes
        self.users = {"hf_write": User("ann", "write", ["org"]),
                      "hf_read": User("ann", "read", ["org"]),
                      "hf_other": User("bob", "write")}
        self.aliases = {}  # what moved: old name -> new name

    def create(self, kind, name, private=False, gated=False):
        with self.lock:
            repository = Repository(kind, name, private, gated)
            self.repositories[kind, name] = repository
            return repository

    def put_files(self, repository, contents, branch="main", title="add files", lfs=None):
        """A commit that adds `contents` (path -> bytes) on `branch`; `lfs` chooses LFS or not."""
        with self.lock:
            files = dict(repository.branches[branch].files)
            for path, data in contents.items():
                files[path] = self.make_file(path, data, lfs)
            return repository.add_commit(branch, files, title)

    def make_file(self, path, data, lfs=None):
        is_lfs = lfs
        if is_lfs is None:
            is_lfs = len(data) > 0 and (bool(LFS_NAMES.search(path)) or
                                        len(data) >= LFS_FROM_BYTES)
        file = File(data, is_lfs)
        if is_lfs:
            self.lfs[file.sha256] = data
        return file

    def user_of(self, authorization):
        """The user, or None for nobody. Raises Refusal for a token that there is not."""
        if not authorization:
            return None
        user = self.users.get(authorization.removeprefix("Bearer "))
        if user is None:
            raise Refusal(401, "Invalid credentials in Authorization header")
        return user

    @staticmethod
    def is_member(user, owner):
        return user is not None and (user.name == owner or owner in user.organizations)

    def repository_for(self, user, kind, name, to_read_files=False, to_write=False):
        """The repository if `user` may see it (and more), else the Hub's refusal."""
        with self.lock:
            repository = self.repositories.get((kind, self.aliases.get(name, name)))
        if repository is None or (repository.private and
                                  not self.is_member(user, repository.owner)):
            # Who is not logged in does not learn whether it exists.
            if user is None:
                raise Refusal(401, "Invalid username or password." if to_write
                              else "Repository not found", "" if to_write else "RepoNotFound")
            raise Refusal(404, "Repository not found", "RepoNotFound")
        if to_read_files and repository.gated and not (
                user and (user.name in repository.allowed or
                          self.is_member(user, repository.owner))):
            if user is None:
                raise Refusal(401, f"Access to {kind} {name} is restricted. You must have access "
                              "to it and be authenticated to access it. Please log in.",
                              "GatedRepo")
            raise Refusal(403, f"Access to {kind} {name} is restricted and you are not in the "
                          "authorized list.", "GatedRepo")
        if to_write:
            if user is None:
                raise Refusal(401, "Invalid username or password.")
            if user.role != "write" or not self.is_member(user, repository.owner):
                raise Refusal(403, "Forbidden: you must use a write token to upload to a "
                              "repository." if user.role != "write" else
                              "You don't have the rights to push to this repository.")
        return repository
