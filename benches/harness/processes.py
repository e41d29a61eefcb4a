"""Starting and stopping child processes, and what they cost as /proc tells it."""

import os
import resource
import signal
import socket
import subprocess

TICKS = os.sysconf("SC_CLK_TCK")


def start(command, **options):
    """A child in a session of its own: Ctrl-C reaches this process alone, which stops it in order."""
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        **options,
    )


def stop(child, first=signal.SIGTERM, patience=15):
    if child.poll() is None:
        child.send_signal(first)
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            child.kill()
    return child.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _stats():
    """For every process: its name, its parent, and its time in ticks with that of its dead children."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as file:
                before, _, after = file.read().rpartition(")")
        except OSError:
            continue  # it ended meanwhile
        fields = after.split()
        found[int(name)] = (before.partition("(")[2], int(fields[1]), sum(map(int, fields[11:15])))
    return found


def tree(root):
    """The ids of `root` and of all that it started."""
    return _tree(root, _stats())


def _tree(root, stats):
    found = []
    for pid in stats:
        ancestor = pid
        while ancestor != root and ancestor in stats:
            ancestor = stats[ancestor][1]
        if ancestor == root:
            found.append(pid)
    return found


def cpu_of_tree(root):
    """Seconds that `root` and all that it started have used."""
    stats = _stats()
    return sum(stats[pid][2] for pid in _tree(root, stats)) / TICKS


def cpu_of_name(name):
    """Seconds that all processes of that name have used."""
    return sum(ticks for found, _, ticks in _stats().values() if found == name) / TICKS


def cpu_of_machine():
    """Seconds that all processors together were busy, by the kernel's count since the boot."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS


def cpu_of_ended_children():
    """Seconds that the children of this process used which have ended, such as wrk, and this process."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def memory(pid):
    """Resident memory in MiB: now, and the most it ever was."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        fields = dict(line.split(":", 1) for line in file)
    return [int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")]


def descriptors(pid):
    """How many files, sockets and the like it has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def file_system(path):
    """The kind of file system that holds `path`, such as ext4. On tmpfs a sync costs nothing."""
    best = ("", "unknown")
    path = os.path.realpath(path)
    with open("/proc/mounts", encoding="utf-8") as file:
        for line in file:
            _, mount, kind = line.split()[:3]
            if os.path.commonpath([path, mount]) == mount and len(mount) >= len(best[0]):
                best = (mount, kind)
    return best[1]
