#!/usr/bin/env python3
"""In the place of ssh and sshd between containers (container.py), so that mpirun reaches its hosts without keys and ports.

`ssh [OPTION…] HOST COMMAND…` has HOST's sshd run the command with the caller's input and output and leaves with its exit
code, or with 255 if the host can't be reached. `sshd …` serves, as the container's first process, for the container's own
host name. As with the real ones, a command gets none of the environment of either side.
"""
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": os.environ.get("HOME", "/")}
ATTEMPTS = 10  # one a second, as ConnectionAttempts=10
WITH_VALUE = "bcDEeFIiJLlmOopQRSWw"


def address(host):
    """Host names are those of a run's pods, so no two containers of this machine share one."""
    return "\0temper-ssh-" + host.partition(".")[0]


def serve_one(connection):
    with connection:
        command, streams, _, _ = socket.recv_fds(connection, 1 << 20, 3)
        process = subprocess.Popen(["/bin/sh", "-c", command.decode()], env=ENVIRONMENT, stdin=streams[0], stdout=streams[1],
                                   stderr=streams[2])
        for stream in streams:
            os.close(stream)
        code = process.wait()
        connection.sendall(str(code if code >= 0 else 255).encode())


def serve():
    signal.signal(signal.SIGTERM, lambda *_: os._exit(255))  # as sshd does
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address(socket.gethostname()))
        listener.listen()
        while True:
            threading.Thread(target=serve_one, args=[listener.accept()[0]], daemon=True).start()


def connect(host):
    for attempt in range(ATTEMPTS):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            connection.connect(address(host))
            return connection
        except OSError:
            connection.close()
            time.sleep(1 if attempt + 1 < ATTEMPTS else 0)
    print(f"ssh: connect to host {host}: Connection refused", file=sys.stderr)
    sys.exit(255)


def run(arguments):
    while arguments[0].startswith("-"):
        option = arguments.pop(0)
        if len(option) == 2 and option[1] in WITH_VALUE:
            arguments.pop(0)
    host, command = arguments[0], " ".join(arguments[1:])
    if host.partition(".")[0] == socket.gethostname():
        # mpirun does not know its own host, whose address here is none of a network card.
        os.execve("/bin/sh", ["sh", "-c", command], ENVIRONMENT)
    with connect(host) as connection:
        socket.send_fds(connection, [command.encode()], [0, 1, 2])
        answer = connection.recv(16)
    sys.exit(int(answer or b"255"))


if __name__ == "__main__":
    if pathlib.Path(sys.argv[0]).name == "ssh":
        run(sys.argv[1:])
    else:
        serve()
