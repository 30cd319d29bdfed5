"""Performs a Dockerfile's steps in a folder, without a container engine.

The folder stands for `/`: absolute paths in a step are moved into it. So every stage has the
same root, and what an earlier one left is put aside under its name. What the official Python
image brings along is made from the Python that runs the tests.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

_PYTHON = f"python{sysconfig.get_python_version()}"
_NOT_IN_THE_IMAGE = ("__pycache__", "site-packages", "test", "idlelib", "tkinter", "config-*")
# What pip needs to reach its index from here.
_NETWORK = {
    name: value
    for name, value in os.environ.items()
    if name.startswith(("PIP_", "SSL_", "REQUESTS_")) or name.lower().endswith("_proxy")
}


@dataclass
class Image:
    """What the last stage says of the container."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    user: str = "0"
    entrypoint: list[str] = field(default_factory=list)
    cmd: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """Its variables, with its paths where they really are."""
        path = [f"{self.root}{folder}" for folder in self.env["PATH"].split(":")]
        return {
            **self.env,
            "PATH": os.pathsep.join((*path, "/usr/bin", "/bin")),
            "LD_LIBRARY_PATH": f"{self.root}/usr/local/lib",
        }

    def command(self, *arguments: str) -> list[str]:
        """Return the whole command, its first word with the path of its file."""
        program, *rest = [*self.entrypoint, *(arguments or self.cmd)]
        found = shutil.which(program, path=self.environment["PATH"])
        assert found is not None, f"{program} is not in the image"
        return [found, *rest]


def steps(dockerfile: str) -> list[tuple[str, str]]:
    """Return each instruction and its text, on one line."""
    lines = "\n".join(line for line in dockerfile.splitlines() if not line.startswith("#"))
    joined = lines.replace("\\\n", " ")
    return [
        (name, " ".join(text.split()))
        for name, _, text in (line.partition(" ") for line in joined.splitlines() if line)
    ]


def build(context: Path, folder: Path) -> Image:
    """Perform the steps of *context*'s Dockerfile in *folder*."""
    stages: dict[str, Image] = {}
    image, stage, arguments = Image(folder / "root"), "", dict[str, str]()
    for name, text in steps((context / "Dockerfile").read_text()):
        match name:
            case "FROM":
                if stage:
                    image.root = image.root.rename(folder / stage)
                    stages[stage] = image
                origin, _, stage = text.partition(" AS ")
                image = _start(folder, stages.get(origin))
            case "COPY":
                _copy(context, folder, image.root, text)
            case "RUN":
                moved = re.sub(r"(?<!\S)/", f"{image.root}/", text)
                env = {**_NETWORK, **image.environment}
                done = subprocess.run(
                    ["/bin/sh", "-c", moved],
                    env=env,
                    cwd=image.root,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    check=False,
                )
                assert done.returncode == 0, done.stdout.decode()
            case "ENV":
                for variable, value in (pair.split("=", 1) for pair in text.split()):
                    for name, known in {"PATH": image.env["PATH"], **arguments}.items():
                        value = value.replace(f"${name}", known)
                    image.env[variable] = value
            case "ARG":
                variable, _, arguments[variable] = text.partition("=")
            case "USER":
                image.user = text
            case "ENTRYPOINT":
                image.entrypoint = json.loads(text)
            case "CMD":
                image.cmd = json.loads(text)
            case "EXPOSE" | "HEALTHCHECK":
                pass
            case _:
                raise NotImplementedError(name)
    return image


def _start(folder: Path, origin: Image | None) -> Image:
    root = folder / "root"
    if origin is not None:
        shutil.copytree(origin.root, root, symlinks=True, copy_function=os.link)
        return Image(root, dict(origin.env), origin.user)
    binaries, library = root / "usr/local/bin", root / "usr/local/lib" / _PYTHON
    binaries.mkdir(parents=True)
    library.parent.mkdir()
    shutil.copy(Path(sys.base_prefix, "bin", _PYTHON), binaries)
    (binaries / "python").symlink_to(_PYTHON)
    for shared in Path(sys.base_prefix, "lib").glob("libpython*"):
        shutil.copy(shared, library.parent / shared.name)
    shutil.copytree(
        Path(sys.base_prefix, "lib", _PYTHON),
        library,
        ignore=shutil.ignore_patterns(*_NOT_IN_THE_IMAGE),
    )
    (library / "site-packages").mkdir()
    subprocess.run(
        [binaries / "python", "-I", "-m", "ensurepip", "--default-pip"],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return Image(root, {"PATH": "/usr/local/bin"})


def _copy(context: Path, folder: Path, root: Path, text: str) -> None:
    *options, source, target = text.split()
    destination = root / target.lstrip("/")
    if options:
        stage = options[0].removeprefix("--from=")
        origin = folder / stage / source.lstrip("/")
        shutil.copytree(origin, destination, symlinks=True, copy_function=os.link)
    elif (context / source).is_dir():
        # As .dockerignore has it.
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(context / source, destination, ignore=leave)
    else:
        shutil.copy(context / source, destination)
