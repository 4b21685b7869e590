"""What the bench says while it works: steps on standard error, and a line that rewrites itself on a terminal."""
import json
import signal
import sys


class Trouble(Exception):
    """What a person has to hear: said without a trace of calls."""


def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K" + text[:110])
        sys.stderr.flush()


def step(text):
    progress("")
    print("== " + text, file=sys.stderr, flush=True)


def end_with(name, main):
    """Runs main(words) and ends the process: 0, main's own status, 1 with what went wrong said, 130 if interrupted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main(sys.argv[1:]))
    except Trouble as trouble:
        progress("")
        if "--json" in sys.argv:
            print(json.dumps({"error": "io", "message": str(trouble)}))
        print(f"{name}: {trouble}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        progress("")
        print(f"{name}: interrupted", file=sys.stderr)
        sys.exit(130)
