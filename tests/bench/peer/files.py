"""The files that both engines run: the demo model and generated ones, requantised by the peer, imported by Crux."""
import json
import os
import pathlib

import process
from say import Trouble, step

# FILE of the keys -> what the peer's quantiser calls it
FORMATS = ("Q4_1", "Q8_0", "Q4_0", "Q4_K_M", "Q5_0", "Q5_K_M", "Q6_K")
# Where a shape's files come from: the demo model itself, or bench_model --shape
SHAPES = {"smol": "Q4_1", "smol-16k": "Q8_0", "1b": "Q8_0"}


class File:
    def __init__(self, name, gguf, crux):
        self.name, self.gguf, self.crux = name, gguf, crux


def made(path, command):
    """The file that a command makes, whole or not at all.  In: command, of a path: the words that make it there."""
    part = path.with_name(path.name + ".part")
    try:
        process.run(command(part))
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    return path


class Maker:
    def __init__(self, cache, programs):
        """In: programs, with crux, make_model, quantize and demo: paths."""
        self.folder, self.programs = cache / "files", programs
        self.folder.mkdir(parents=True, exist_ok=True)

    def room(self, shape):
        need = {"smol": 1, "smol-16k": 1, "1b": 6}[shape] << 30
        stat = os.statvfs(self.folder)
        if stat.f_bavail * stat.f_frsize < need:
            raise Trouble(f"{self.folder} has no room for {need >> 30} GiB of models")

    def base(self, shape):
        if shape == "smol":
            return pathlib.Path(self.programs.demo)
        path = self.folder / f"{shape}-{SHAPES[shape]}.gguf"
        if path.exists():
            return path
        self.room(shape)
        step(f"generate {path.name}")
        return made(path, lambda out: [self.programs.make_model, "--shape", shape, out])

    def gguf(self, shape, form):
        base = self.base(shape)
        if form == SHAPES[shape]:
            return base
        path = self.folder / f"{shape}-{form}.gguf"
        if path.exists():
            return path
        self.room(shape)
        step(f"quantise {path.name}")
        return made(path, lambda out: [self.programs.quantize, "--allow-requantize", base, out, form])

    def file(self, shape, form):
        """Returns: a File. Imported again whenever the program is newer than what it imported."""
        gguf = self.gguf(shape, form)
        crux = self.folder / f"{shape}-{form}.crux"
        if not crux.exists() or crux.stat().st_mtime < os.stat(self.programs.crux).st_mtime:
            step(f"import {gguf.name}")
            made(crux, lambda out: [self.programs.crux, "import", gguf, "-o", out])
        return File(form, gguf, crux)


def described(crux, file):
    return json.loads(process.run([crux, "model", "info", file.crux, "--json"]).out)
