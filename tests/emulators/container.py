"""A container as a process with its own host name and /etc/hosts (mount and UTS namespaces). It shares this machine's network
and processes, so the names of its peers are loopback addresses, every group of containers needs ports of its own, and
containers that have nothing to do with each other's processes must not have folders of one path.
"""
import os
import pathlib
import signal
import socket
import subprocess
import tempfile

# The path of each container's own folder, for those that need the same path everywhere.
DISK = os.path.join(tempfile.gettempdir(), "temper-container-disk")
# As root; else in a user namespace of its own.
UNSHARE = ["unshare", "--mount", "--uts"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
START = 'hostname "$0" && mount --bind "$1/hosts" /etc/hosts && mount --bind "$1" "$2" && cd "$2" && shift 2 && exec "$@"'


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def hosts_file(names):
    """/etc/hosts with these names, each at an address of its own."""
    return "127.0.0.1 localhost\n" + "".join(f"127.0.0.{index + 2} {name}\n" for index, name in enumerate(names))


def processes_of(session):
    """Every process of a session, whatever its group."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            found.append(int(stat.parent.name))
    return found


class Container:
    """Started at once; `folder` is its disk, also seen at the path `disk`. `path` is put in front of PATH, so that an image's
    programs are those of a build.
    """

    def __init__(self, command, environment, folder, host, hosts, path=None, output=subprocess.PIPE, disk=None):
        (pathlib.Path(folder) / "hosts").write_text(hosts)
        disk = disk or folder
        os.makedirs(disk, exist_ok=True)
        environment = {**os.environ, **environment}
        if path:
            environment["PATH"] = f"{path}:{environment['PATH']}"
        self.process = subprocess.Popen(
            [*UNSHARE, "sh", "-c", START, host, folder, disk, *command], env=environment, cwd=folder,
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)

    def is_running(self):
        return self.process.poll() is None

    def wait(self):
        """The exit code of its first process, with which all others end."""
        code = self.process.wait()
        self.signal_all(signal.SIGKILL)
        return code if code >= 0 else 128 - code

    def terminate(self):
        if self.is_running():
            self.process.send_signal(signal.SIGTERM)

    def signal_all(self, number):
        """To the whole container: its session, as mpirun has a process group of its own."""
        for pid in processes_of(self.process.pid):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def kill(self):
        """As the kernel does when memory runs out."""
        self.signal_all(signal.SIGKILL)

    def freeze(self):
        """As a machine that hangs: nothing in it runs any more."""
        self.signal_all(signal.SIGSTOP)
