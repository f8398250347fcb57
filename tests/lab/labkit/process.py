"""Starting, finding and ending programs. Every program runs in a session of its own, outlives the command that started
it, and is recognised by its folder in its command line or working directory: nothing else is ever signalled."""
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

SERVANT, SERVANT_GROUP = "nobody", "nogroup"  # what root's servers run as
STOP_SECONDS_MAX = 10
PORTS = (20000, 32000)  # outside the range the kernel hands out to clients
_children = {}  # by pid; those of this process are reaped when somebody asks after them
_given = set()  # ports of free_port


class LabError(SystemExit):
    """Something a person can put right; the text says what."""

    def __init__(self, text):
        super().__init__("lab: " + text)


def is_root():
    return os.geteuid() == 0


def servant():
    """Arguments of subprocess that give up root; empty for everybody else."""
    return {"user": SERVANT, "group": SERVANT_GROUP, "extra_groups": []} if is_root() else {}


def give(folder: Path):
    """Hands the folder to the user the servers run as, and checks that they can get there."""
    if not is_root():
        return
    subprocess.run(["chown", "-R", f"{SERVANT}:{SERVANT_GROUP}", str(folder)], check=True)
    if subprocess.run(["test", "-w", str(folder)], **servant()).returncode:
        raise LabError(f"{SERVANT} cannot reach {folder}; choose a folder that others may enter, below /tmp for example")


def need(*programs):
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    for program in programs:
        if not shutil.which(program, path=path):
            raise LabError(f"{program} is missing; ./dev up installs it")


def spawn(folder: Path, name, command, *, keep_user=False, env=None):
    """Starts a program whose output goes to FOLDER/NAME.log."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # inherited: sites need a descriptor per connection
    with open(folder / f"{name}.log", "ab") as log:
        child = subprocess.Popen(list(map(str, command)), cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                 start_new_session=True, env=env, **({} if keep_user else servant()))
    _children[child.pid] = child
    return child


def is_ours(pid, folder: Path):
    """Whether the process is alive and belongs to the folder."""
    if pid in _children and _children[pid].poll() is not None:
        return False
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        if not command:  # on its way out: nothing to read any more, but still there
            return state not in "ZX"
        return state != "Z" and (str(folder).encode() in command or os.readlink(f"/proc/{pid}/cwd") == str(folder))
    except OSError:
        return False


def stop(pids, folder: Path, first=signal.SIGTERM, seconds=STOP_SECONDS_MAX):
    """Asks with `first`, insists with SIGKILL. Pids that are not the folder's any more are left alone."""
    for signal_number in (first, signal.SIGKILL):
        for pid in pids:
            if is_ours(pid, folder):
                os.kill(pid, signal_number)
        if wait_until(lambda: not any(is_ours(pid, folder) for pid in pids), seconds):
            return


def wait_until(question, seconds, pause=0.02):
    """Whether the question was answered with yes in time."""
    deadline = time.monotonic() + seconds
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def listens(address, port):
    try:
        socket.create_connection((address, port), 1).close()
        return True
    except OSError:
        return False


def free_port(address="127.0.0.1", kind=socket.SOCK_STREAM):
    """A port nobody has now, and that this process has not given out before. TEST_PORTS=LOW-HIGH keeps programs that run at
    the same time apart."""
    low, high = map(int, os.environ.get("TEST_PORTS", "{}-{}".format(*PORTS)).split("-"))
    for _ in range(500):
        port = random.randint(low, high)
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                if port not in _given:
                    probe.bind((address, port))
                    _given.add(port)
                    return port
            except OSError:
                continue
    raise LabError(f"no free port on {address}")
