"""Namespaces of this process alone: what is mounted or filtered in them is gone when it ends."""

import ctypes
import os
import shutil
import subprocess

from .report import Skipped

NEW_MOUNTS, NEW_NETWORK = 0x0002_0000, 0x4000_0000


def mounts():
    _unshare(NEW_MOUNTS, "mounts a file system")
    run("mount", "--make-rprivate", "/")


def network():
    """Another loopback, on which nothing listens yet."""
    _unshare(NEW_NETWORK, "drops packets")
    run("ip", "link", "set", "lo", "up")


def tmpfs(path, size):
    """An empty file system of so many MiB, in memory."""
    os.makedirs(path)
    run("mount", "-t", "tmpfs", "-o", f"size={size}m,mode=0755", "none", path)


def unmount(path):
    run("umount", "--lazy", path)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Skipped(f"{' '.join(command)}: {done.stderr.strip()}")


def root(what):
    if os.geteuid() != 0:
        raise Skipped(f"it {what}, which takes root")


def needed(program, package):
    if shutil.which(program) is None:
        raise Skipped(f"there is no {program} (Debian: {package})")


def _unshare(kind, what):
    root(what)
    if ctypes.CDLL(None, use_errno=True).unshare(kind):
        reason = os.strerror(ctypes.get_errno())
        raise Skipped(f"it {what} in a namespace of its own, which this machine refuses: {reason}")
