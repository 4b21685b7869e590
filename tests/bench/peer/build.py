"""llama.cpp, built once from a pinned source package, outside the repository's tree."""
import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

from say import Trouble, step

PACKAGE, VERSION = "llama-cpp-python", "0.3.36"
SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"
INSIDE = f"llama_cpp_python-{VERSION}/vendor/llama.cpp/"
OVERRIDE = {"native": "CRUX_PEER_BIN", "avx2": "CRUX_PEER_BIN_AVX2"}
TARGETS = ("llama-bench", "llama-quantize")
SERVER_OVERRIDE, SERVER_TARGETS = "CRUX_PEER_SERVER", ("llama-server",)
FLAGS = ["-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=OFF", "-DLLAMA_BUILD_TESTS=OFF",
         "-DLLAMA_BUILD_EXAMPLES=OFF", "-DLLAMA_BUILD_SERVER=OFF", "-DLLAMA_BUILD_APP=OFF", "-DLLAMA_OPENSSL=OFF"]
# Without its web page, which would be fetched.
SERVER_FLAGS = ["-DLLAMA_BUILD_SERVER=ON", "-DLLAMA_BUILD_UI=OFF", "-DLLAMA_USE_PREBUILT_UI=OFF"]
ISA_FLAGS = {
    "native": ["-DGGML_NATIVE=ON"],
    "avx2": ["-DGGML_NATIVE=OFF", "-DGGML_SSE42=ON", "-DGGML_AVX=ON", "-DGGML_AVX2=ON", "-DGGML_BMI2=ON",
             "-DGGML_FMA=ON", "-DGGML_F16C=ON", "-DGGML_AVX512=OFF", "-DGGML_AVX_VNNI=OFF"]}


@contextlib.contextmanager
def alone(folder):
    """One build at a time, whoever runs it."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def quietly(command, log, why):
    with open(log, "ab") as out:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    if ended.returncode != 0:
        last = log.read_text(errors="replace").splitlines()[-15:]
        raise Trouble("\n".join([*last, f"{why}; all of the output is in {log}"]))


def take_source(archive, folder):
    """Unpacks what lies under INSIDE."""
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != SHA256:
        raise Trouble(f"{archive.name} is not the pinned file: its SHA-256 is {digest}")
    with tarfile.open(archive) as package:
        members = [m for m in package if m.name.startswith(INSIDE) and (m.isfile() or m.isdir())]
        for member in members:
            member.name = member.name[len(INSIDE):]
            if ".." in pathlib.PurePosixPath(member.name).parts:
                raise Trouble(f"{archive.name} holds a path that leaves its folder: {member.name}")
        package.extractall(folder, members)


def fetch(folder):
    """Returns: the folder of the source, fetched if it is not there."""
    source = folder / "source"
    if source.is_dir():
        return source
    step(f"fetch {PACKAGE} {VERSION} (77 MB)")
    work = pathlib.Path(tempfile.mkdtemp(prefix="fetch.", dir=folder))
    try:
        wanted = work / "requirements"
        wanted.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{SHA256}\n")
        quietly([sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-deps", "--no-binary",
                 ":all:", "--require-hashes", "--dest", work, "--requirement", wanted], folder / "fetch.log",
                f"the peer comes once through pip, and that failed: is there a network, or an index that pip knows? A "
                f"folder with {' and '.join(TARGETS)} in {OVERRIDE['native']} does as well")
        take_source(next(work.glob("*.tar.gz")), work / "source")
        (work / "source").rename(source)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return source


def processor():
    """Returns: what the system says of it."""
    kept = [line for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith(("model name", "flags"))]
    return "\n".join(sorted(set(kept)))


def machine():
    """Eight digits that differ between kinds of processor: a native build belongs to one."""
    return hashlib.sha256(processor().encode()).hexdigest()[:8]


def native_compiler():
    """Returns: flags, and a part of the folder's name. With tile registers it is clang: gcc 12 drops what llama.cpp writes
    into their configuration, for its _tile_loadconfig names eight bytes of it, and the program dies of an illegal
    instruction."""
    if "amx_tile" not in processor().split():
        return [], ""
    return ["-DCMAKE_C_COMPILER=clang", "-DCMAKE_CXX_COMPILER=clang++"], "clang-"


def built(cache, isa, name, override, targets, flags):
    """Returns: the folder that holds programs for an instruction set.  In: name, of the build; override, a variable that
    names a folder with others."""
    given = os.environ.get(override)
    if given:
        folder = pathlib.Path(given).resolve()
        missing = [target for target in targets if not os.access(folder / target, os.X_OK)]
        if missing:
            raise Trouble(f"{override}={given}: there is no program {' or '.join(missing)}")
        return folder
    folder = cache / f"llama_cpp_python-{VERSION}"
    compiler, by = native_compiler() if isa == "native" else ([], "")
    build = folder / (f"{name}native-{by}{machine()}" if isa == "native" else name + isa)
    with alone(folder):
        if (build / "built").exists():
            return build / "bin"
        source = fetch(folder)
        build.mkdir(exist_ok=True)
        log = build / "log"
        log.write_bytes(b"")
        step(f"build llama.cpp ({name}{isa}); this takes minutes, once. Log: {log}")
        launcher = [f"-DCMAKE_{c}_COMPILER_LAUNCHER=ccache" for c in ("C", "CXX")] if shutil.which("ccache") else []
        quietly(["cmake", "-S", source, "-B", build, "-G", "Ninja", *FLAGS, *flags, *ISA_FLAGS[isa], *compiler,
                 *launcher], log,
                "llama.cpp could not be configured")
        quietly(["cmake", "--build", build, "--target", *targets], log, "llama.cpp could not be built")
        (build / "built").touch()
    return build / "bin"


def tools(cache, isa):
    """Returns: the folder that holds llama-bench and llama-quantize for an instruction set."""
    return built(cache, isa, "", OVERRIDE[isa], TARGETS, [])


def server(cache, isa):
    """Returns: llama.cpp's own server for an instruction set."""
    return built(cache, isa, "server-", SERVER_OVERRIDE, SERVER_TARGETS, SERVER_FLAGS) / SERVER_TARGETS[0]
