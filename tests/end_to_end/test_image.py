"""The Dockerfile's image, built without a container engine, trains as a user that is not root. Needs root, debootstrap and
unshare; its build stage shares this machine's ccache. TEMPER_IMAGE_LOG names a file for what the steps print,
TEMPER_IMAGE_FOLDER a disk with 6 GiB, for the image with CUDA 25.
"""

import contextlib
import glob
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

from scenario import SOURCE, Scenario

sys.path.insert(0, str(SOURCE / "tests" / "emulators"))
from dockerfile import Build  # noqa: E402

TOOLS = all(shutil.which(tool) for tool in ("debootstrap", "unshare", "chroot")) and os.geteuid() == 0


class Machine:
    """This machine's way to packages, lent to a fresh Debian: apt's sources, pip's settings, certificates."""

    def __init__(self, folder):
        self.base = folder / "debian"
        self.environment = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or "proxy" in name.lower()}
        self.environment.update({"DEBIAN_FRONTEND": "noninteractive", "LANG": "C.UTF-8"})
        self.lent = ["/etc/apt", "/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs", "/usr/share/keyrings", "/etc/pip.conf"]
        self.lent = [path for path in self.lent if os.path.exists(path)]
        ccache = pathlib.Path.home() / ".cache" / "ccache"
        settings = subprocess.run([sys.executable, "-m", "pip", "config", "list"], stdout=subprocess.PIPE, text=True, check=False)
        words = (settings.stdout + " " + os.environ.get("PIP_FIND_LINKS", "")).replace("'", " ").replace("file://", "").split()
        more = [line for line in settings.stdout.splitlines() if "extra-index-url" in line]
        self.index = more[0].partition("=")[2].strip("'") if more else "https://pypi.org/simple"
        folders = {word.removesuffix("/simple") for word in words if word.startswith("/") and os.path.isdir(word)}
        self.mounts = [(folder, folder) for folder in sorted(folders)]
        if ccache.is_dir():
            self.mounts.append((str(ccache), "/root/.cache/ccache"))

    def make_root(self, image, root):
        assert image == "debian:bookworm-slim", image
        if not self.base.exists():
            sources = "\n".join(pathlib.Path(name).read_text() for name in glob.glob("/etc/apt/sources.list.d/*.sources"))
            mirror = next(line.split()[1] for line in sources.splitlines()
                          if line.startswith("URIs:") and line.rstrip("/").endswith("/debian"))
            subprocess.run(["debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", self.base, mirror],
                           stdout=subprocess.DEVNULL, check=True)
            shutil.rmtree(self.base / "var" / "cache" / "apt" / "archives")
        subprocess.run(["cp", "-a", self.base, root], check=True)
        self.lend(root)

    def lend(self, root):
        for path in self.lent:
            subprocess.run(["cp", "-a", "--parents", path, root], check=True)
        for name in ("sources.list", "apt.conf.d/20packagekit", "apt.conf.d/50appstream"):
            with contextlib.suppress(FileNotFoundError):
                (root / "etc" / "apt" / name).unlink()


def size_of(root):
    return int(subprocess.run(["du", "-sxm", root], stdout=subprocess.PIPE, text=True, check=True).stdout.split()[0])


@unittest.skipUnless(TOOLS, "debootstrap, unshare and root are needed (scripts/setup.sh --test-tools)")
class ImageTest(Scenario):
    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="temper-image-", dir=os.environ.get("TEMPER_IMAGE_FOLDER")))
        self.addCleanup(subprocess.run, ["rm", "-rf", "--one-file-system", self.place], check=True)
        self.log = open(os.environ.get("TEMPER_IMAGE_LOG", os.devnull), "w", encoding="utf-8")
        self.addCleanup(self.log.close)

    def inside(self, build, image, *command, expect=0):
        folder = image.root / "home" / "temper" / "test"
        result = build.execute(image, list(command), extra=[(str(self.folder), "/home/temper/test")], stdout=subprocess.PIPE)
        self.assertEqual(result.returncode, expect, f"{command}\n{result.stdout}")
        self.assertTrue(folder.exists())
        return result.stdout

    def check_ssh(self, build, image):
        """The worker of an MPIJob as rendered, and mpirun's way to it, with keys as the operator makes them."""
        manifest = (SOURCE / "tests" / "golden" / "kubernetes" / "mpijob-cpu.yaml").read_text()
        words = re.search(r"command:\n((?: +- .*sshd.*\n)(?: +- .*\n)+)", manifest)[1]
        sshd = shlex.join(word.strip().removeprefix("- ").strip('"') for word in words.splitlines())
        self.assertEqual(self.inside(build, image, "sh", "-c", "ls /etc/ssh | grep host_ || true"), "")
        said = self.inside(
            build, image, "sh", "-c",
            "mkdir -p -m 700 .ssh && ssh-keygen -q -t ecdsa -b 521 -m PEM -N '' -f .ssh/id_rsa && cp .ssh/id_rsa.pub .ssh/authorized_keys && "
            f"{sshd} > sshd.log 2>&1 & server=$!; sleep 0.2; "
            "ssh -x -p 2222 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR "
            "-o ConnectionAttempts=10 localhost 'command -v orted && id -u' || cat sshd.log; kill $server")
        self.assertEqual(said.split(), ["/usr/bin/orted", "1000"])

    def build(self, device):
        """What holds for every image is checked at once."""
        machine = Machine(self.place)
        # The wheels come from where this machine's pip finds them.
        build = Build(SOURCE, self.place, {"TORCH_INDEX": machine.index, "DEVICE": device}, self.log, machine)
        image = build.run()
        print(f"image for {device}: {size_of(image.root)} MiB, of these Temper and LibTorch "
              f"{size_of(image.root / 'opt/temper')} MiB, Debian {size_of(machine.base)} MiB", flush=True)
        self.assertEqual(image.user, "temper")
        self.assertIn("Usage", self.inside(build, image, *image.command))
        self.assertIn("temper 0", self.inside(build, image, "temper", "--version"))
        self.assertEqual(self.inside(build, image, "id", "-u").strip(), "1000")
        missing = self.inside(build, image, "sh", "-c", "ldd /opt/temper/bin/* | grep 'not found' || true")
        self.assertEqual(missing, "")
        for program in ("python3", "g++", "git"):
            self.inside(build, image, program, expect=127)
        self.inside(build, image, "sh", "-c", "touch /opt/temper/x", expect=1)
        return build, image

    def check_training(self, build, image, adapter):
        """With the recipe and what it names lent to the image's user."""
        shutil.copytree(SOURCE / "tests" / "golden" / "tiny-model", self.folder / "model")
        self.recipe.write_text(self.recipe.read_text().replace(str(SOURCE / "tests" / "golden" / "tiny-model"), "model"))
        shutil.rmtree(self.folder / "runs")
        subprocess.run(["chown", "-R", "1000:1000", self.folder], check=True)
        for ranks in ("1", "2"):
            self.inside(build, image, "sh", "-c",
                        f"cd test && temper run recipe.yaml --name ranks-{ranks} --ranks {ranks}")
            self.assertEqual(self.adapter(self.run_named(f"ranks-{ranks}")), adapter)

    def test_the_image_for_gpus_says_that_there_is_none_and_trains_without(self):
        adapter = self.train("local")
        build, image = self.build("cuda")
        self.assertRegex(self.inside(build, image, "temper-trainer", "--version"), r"CUDA 13\.[0-9]+, NCCL 2\.")
        self.assertIn("no CUDA device", self.inside(build, image, "temper-trainer", "--check-gpus", "1", expect=2))
        self.check_training(build, image, adapter)

    def test_the_image_trains_to_the_local_adapter_as_a_plain_user(self):
        adapter = self.train("local")
        build, image = self.build("cpu")
        self.check_training(build, image, adapter)
        self.check_ssh(build, image)
        # Parquet's library is loaded when needed, libcurl too.
        shutil.copy(SOURCE / "tests" / "golden" / "data" / "parquet" / "a-pyarrow.parquet", self.folder)
        self.assertIn("25 records", self.inside(build, image, "temper", "data", "check", "test/a-pyarrow.parquet"))
        offline = self.inside(build, image, "temper", "status", "gs://no-bucket/runs/x-00000000", expect=2)
        self.assertNotIn("libcurl", offline)


if __name__ == "__main__":
    unittest.main()
