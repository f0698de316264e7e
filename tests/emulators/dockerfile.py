"""Builds an image's folder from a Dockerfile without a container engine: each stage a Debian of debootstrap, each RUN in a
chroot with mounts of its own. Needs root. Knows FROM, ARG, WORKDIR, COPY, RUN, ENV, USER and CMD in the forms of ours.
"""
import dataclasses
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess

MOUNTS = [("/proc", "/proc"), ("/sys", "/sys"), ("/dev", "/dev")]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclasses.dataclass
class Stage:
    root: pathlib.Path
    arguments: dict
    environment: dict = dataclasses.field(default_factory=lambda: {"PATH": PATH})
    workdir: str = "/"
    user: str = "root"
    command: list = dataclasses.field(default_factory=list)


def instructions(text):
    """(word, rest) of each instruction; lines that end in a backslash go on."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        word, _, rest = line.strip().partition(" ")
        yield word.upper(), rest.strip()


def substitute(text, values):
    """${NAME} and $NAME."""
    return re.sub(r"\$\{?(\w+)\}?", lambda match: values.get(match[1], ""), text)


class Build:
    def __init__(self, source, folder, arguments, log, machine):
        """`machine` prepares a fresh Debian for this machine's package access, and takes that away again."""
        self.source = source
        self.folder = folder
        self.given = arguments
        self.log = log
        self.machine = machine
        self.globals = {}
        self.stages = {}
        self.stage = None

    def run(self):
        for word, rest in instructions((self.source / "Dockerfile").read_text()):
            print(f"== {word} {rest}", file=self.log, flush=True)
            HANDLERS[word](self, rest)
        return self.stage

    def arg(self, rest):
        name, _, default = rest.partition("=")
        values = self.globals if self.stage is None else self.stage.arguments
        values[name] = self.given.get(name, substitute(default, values))

    def begin_stage(self, rest):
        image, _, name = substitute(rest, self.globals).partition(" AS ")
        root = self.folder / (name or "image")
        self.machine.make_root(image, root)
        self.stage = self.stages[name] = Stage(root, dict(self.globals))

    def workdir(self, rest):
        self.stage.workdir = rest
        self.inside(rest).mkdir(parents=True, exist_ok=True)

    def user(self, rest):
        self.stage.user = rest

    def env(self, rest):
        for pair in shlex.split(rest):
            name, _, value = pair.partition("=")
            self.stage.environment[name] = substitute(value, self.stage.environment)

    def cmd(self, rest):
        self.stage.command = json.loads(rest)

    def inside(self, path):
        return self.stage.root / os.path.join(self.stage.workdir, path).lstrip("/")

    def copy(self, rest):
        words = rest.split()
        if words[0].startswith("--from="):
            origin = self.stages[words.pop(0).partition("=")[2]].root
            names = [name.lstrip("/") for name in words[:-1]]
        else:
            origin = self.source
            names = words[:-1]
        target = self.inside(words[-1])
        for name in names:
            if origin == self.source and (origin / name).is_dir():
                self.copy_files(origin / name, target)
            elif (origin / name).is_dir():
                shutil.copytree(origin / name, target, symlinks=True, dirs_exist_ok=True)
            else:
                into = words[-1].endswith("/") or len(names) > 1
                (target if into else target.parent).mkdir(parents=True, exist_ok=True)
                shutil.copy2(origin / name, target / pathlib.Path(name).name if into else target)

    def copy_files(self, origin, target):
        """What git knows of a folder: .dockerignore leaves out the rest."""
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=origin, stdout=subprocess.PIPE, check=True).stdout
        for name in listed.decode().split("\0"):
            if name and (origin / name).exists():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(origin / name, target / name)

    def step(self, script):
        self.execute(self.stage, ["/bin/sh", "-c", script], check=True, stdout=self.log)

    def execute(self, stage, command, check=False, extra=(), **options):
        """A command in the stage's root as its user, with mounts that end with it. `extra`: (host folder, inside)."""
        root = stage.root
        mounts = MOUNTS + list(extra) + self.machine.mounts
        script = "".join(f"mkdir -p {root}{inside} && mount --rbind {outside} {root}{inside} && " for outside, inside in mounts)
        environment = {**stage.arguments, **stage.environment, **self.machine.environment,
                       "HOME": "/root" if stage.user == "root" else f"/home/{stage.user}"}
        words = [f"{name}={value}" for name, value in environment.items()]
        script += shlex.join(["chroot", f"--userspec={stage.user}:{stage.user}", str(root), "/usr/bin/env", "-i", *words,
                              "/bin/sh", "-c", f"cd {stage.workdir} && exec {shlex.join(command)}"])
        return subprocess.run(["unshare", "--mount", "sh", "-c", script], stdin=subprocess.DEVNULL,
                              stderr=subprocess.STDOUT, text=True, check=check, **options)


HANDLERS = {"ARG": Build.arg, "FROM": Build.begin_stage, "WORKDIR": Build.workdir, "USER": Build.user, "ENV": Build.env,
            "CMD": Build.cmd, "COPY": Build.copy, "RUN": Build.step}
