"""What a drill has checked, and how it ends."""

import sys
import time


class Checks:
    """Prints each check as it is made; `failed` tells whether one did not hold."""

    def __init__(self):
        self.failed = False

    def check(self, held, what):
        """Notes whether `what`, a sentence with its figures, held."""
        self.failed |= not held
        print(f"{'ok  ' if held else 'FAIL'} {what}", flush=True)

    def figure(self, what):
        """A measurement that is not judged."""
        print(f"     {what}", flush=True)


def say(what):
    """Progress, apart from the figures."""
    print(f"-- {what}", file=sys.stderr, flush=True)


def eventually(holds, seconds, what):
    """Asks `holds` again and again until it does; `AssertionError` with `what` after so long. Returns
    the seconds that it took."""
    begin = time.monotonic()
    while not holds():
        if time.monotonic() - begin > seconds:
            raise AssertionError(f"{what}: not within {seconds:g} s")
        time.sleep(0.01)
    return time.monotonic() - begin
