"""The public clients of OpenAI's interface, from PyPI, at the versions and hashes of clients_requirements.txt."""
import fcntl
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SKIPPED = 77


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def fetch(folder, python):
    """Two tests may come at once: the caller holds the lock."""
    requirements = os.path.join(HERE, "clients_requirements.txt")
    ready = os.path.join(folder, "ready")
    with open(requirements, encoding="utf-8") as file:
        wanted = file.read()
    if os.path.exists(ready):
        with open(ready, encoding="utf-8") as file:
            if file.read() == wanted:
                return
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", folder],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if made.returncode != 0:
        skip("no virtual environment can be made here (python3-venv)")
    try:
        installed = subprocess.run(
            [python, "-m", "pip", "install", "-q", "--require-hashes", "--only-binary", ":all:", "--retries", "1",
             "--timeout", "20", "-r", requirements],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=240, check=False)
    except subprocess.TimeoutExpired:
        skip("the clients' packages cannot be fetched in 240 seconds")
    if installed.returncode != 0:
        skip("the clients' packages cannot be fetched: " + " ".join(installed.stdout.decode()[-300:].split()))
    with open(ready, "w", encoding="utf-8") as file:
        file.write(wanted)


def enter_environment(script, build):
    """Runs the script again by the Python that has the packages; returns there. Without them the test is skipped."""
    if "--inside" in sys.argv:
        return
    folder = os.path.join(build, "public_clients")
    python = os.path.join(folder, "bin", "python")
    with open(folder + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fetch(folder, python)
    os.execv(python, [python, os.path.abspath(script)] + sys.argv[1:] + ["--inside"])
