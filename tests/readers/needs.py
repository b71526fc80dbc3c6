"""What the tests of the readers need, and the sentence that says what is missing."""

import importlib.metadata
import os
import pathlib
import shutil

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


class Missing(Exception):
    """Something that .ci/setup installs is not there."""


def program():
    """Returns the path of soracrawl: the environment variable SORACRAWL, or the debug build."""
    path = ROOT / os.environ.get("SORACRAWL", "target/debug/soracrawl")
    if not os.access(path, os.X_OK):
        raise Missing(f"{path} is missing: run `cargo build`, or name the program in SORACRAWL (.ci/setup does not build it).")
    return path


def check():
    """Raises Missing unless Java, Chromium and every package of requirements.txt are installed, each in its version."""
    for line in (HERE / "requirements.txt").read_text().split():
        name, wanted = line.split("==")
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            raise Missing(f"{name} is not installed: run .ci/setup, then use target/readers/bin/python.") from None
        if installed != wanted:
            raise Missing(f"{name} is {installed} and requirements.txt says {wanted}: run .ci/setup.")
    if not os.environ.get("JAVA_HOME") and shutil.which("java") is None:
        raise Missing("java is not installed: run .ci/setup.")
    for name in ["chromium", "chromedriver"]:
        if shutil.which(name) is None:
            raise Missing(f"{name} is not installed: run .ci/setup.")
    program()
