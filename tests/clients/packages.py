"""The programs and packages that cases need: what is there, what is installed, why it cannot be had."""

import hashlib
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
NODE = (20, 19)
GO = "env GO111MODULE=off GOPATH=/usr/share/gocode go list golang.org/x/oauth2 gopkg.in/validator.v2"
GUZZLE = 'require "GuzzleHttp/autoload.php"; curl_version(); mb_strlen("");'
# The command that tells whether a program is there, and Debian's packages with it.
PROGRAMS = {
    "go": (
        GO.split(),
        "golang-go, golang-golang-x-oauth2-dev, golang-gopkg-validator.v2-dev",
    ),
    "java": (["javac", "-version"], "default-jdk-headless"),
    "node": (["npm", "--version"], "nodejs and npm"),
    "php": (["php", "-r", GUZZLE], "php-cli, php-curl, php-mbstring, php-guzzlehttp-guzzle"),
    "python": ([sys.executable, "-c", "import ensurepip, venv"], "python3-venv"),
}
# The files that pin the packages, and the commands that install them. No package runs a script of its own.
PACKAGES = {
    "node": (
        ["package.json", "package-lock.json"],
        [["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]],
    ),
    "python": (
        ["requirements.txt"],
        [
            [sys.executable, "-m", "venv", "."],
            ["bin/pip", "install", "--only-binary", ":all:", "-r", "requirements.txt"],
        ],
    ),
}


def provide(pool, cache):
    """Installs the packages that are not there yet. Returns the folders of programs, and what is missing:
    the name of a program and why it cannot be used."""
    missing = {name: why for name, why in zip(PROGRAMS, pool.map(absent, PROGRAMS)) if why}
    wanted = [name for name in PACKAGES if name not in missing]
    folders = {name: folder(cache, name) for name in PACKAGES}
    reasons = pool.map(lambda name: uninstalled(name, folders[name]), wanted)
    missing.update({name: why for name, why in zip(wanted, reasons) if why})
    return [folders["node"] / "node_modules/.bin", folders["python"] / "bin"], missing


def absent(name):
    """Why a program cannot be used, if it cannot."""
    ask, debian = PROGRAMS[name]
    try:
        done = subprocess.run(ask, capture_output=True, check=False)
    except FileNotFoundError:
        return f"there is no {ask[0]} (Debian: {debian})"
    if done.returncode:
        return f"`{' '.join(ask)}` fails (Debian: {debian})"
    if name == "node":
        said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
        if tuple(map(int, re.findall(r"\d+", said.stdout)[:2])) < NODE:
            return f"node is {said.stdout.strip()}; {'.'.join(map(str, NODE))} or newer is needed"
    return None


def folder(cache, name):
    """Another one when the versions change."""
    pins = b"".join((HERE / file).read_bytes() for file in PACKAGES[name][0])
    return cache / f"{name}-{hashlib.sha256(pins).hexdigest()[:12]}"


def uninstalled(name, target):
    """Installs the packages, and returns why that failed, if it did."""
    files, commands = PACKAGES[name]
    complete = target / "complete"
    if complete.exists():
        return None
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for file in files:
        shutil.copy(HERE / file, target)
    for ask in commands:
        done = subprocess.run(
            ask, cwd=target, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if done.returncode:
            return f"`{' '.join(ask)}` fails:\n{done.stdout[-2000:]}"
    complete.touch()
    return None
