"""Running a program: its output, how long it took and how much memory it held; Ctrl-C ends it too."""
import os
import subprocess
import tempfile
import time

from say import Trouble


def machine_busy(text):
    """Returns: seconds that all processors together have worked or been taken away.  In: text of /proc/stat."""
    user, nice, system, _, _, irq, softirq, steal = map(int, text.split("\n")[0].split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def busy_now():
    with open("/proc/stat") as stat:
        return machine_busy(stat.read())


class Ended:
    def __init__(self, out, seconds, usage, busy_seconds):
        """In: busy_seconds, of the whole machine meanwhile."""
        self.out, self.seconds, self.peak_bytes = out, seconds, usage.ru_maxrss * 1024
        self.processor_seconds = usage.ru_utime + usage.ru_stime
        # of all processors' time, what others took; clock ticks are coarse
        self.others = max(0, busy_seconds - self.processor_seconds) / (seconds * os.cpu_count())


def stop(child):
    """Ends a child of ours that may still run."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def run(command, environment=None):
    """Returns: an Ended. Raises Trouble, with the end of what the program said, unless it ends with 0."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start, busy = time.monotonic(), busy_now()
        try:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                     env=None if environment is None else {**os.environ, **environment})
        except OSError as error:
            raise Trouble(f"{command[0]}: {error.strerror}") from None
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            stop(child)
            raise
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - start
        out.seek(0)
        text = out.read().decode(errors="replace")
        if child.returncode != 0:
            err.seek(0)
            said = (err.read().decode(errors="replace") + text).strip().splitlines()[-8:]
            raise Trouble(f"{' '.join(map(str, command))}\nended with {child.returncode}:\n" + "\n".join(said))
        return Ended(text, seconds, usage, busy_now() - busy)
