"""What a drill says: figures, and what was checked."""


class Skipped(Exception):
    """Why a drill cannot run here, in a sentence."""


class Report:
    """Figures and checks of one drill on one engine, printed as they come."""

    def __init__(self):
        self.held, self.complete = True, True

    def figure(self, name, value, unit=""):
        """A line of the table. `None` is something that was not seen."""
        shown = "-" if value is None else f"{value:,.1f}" if isinstance(value, float) else value
        shown = f"{shown:,}" if isinstance(shown, int) else str(shown)
        print(f"  {name:<52} {shown:>12} {unit}".rstrip(), flush=True)

    def check(self, what, holds, found=""):
        """Whether `what` holds; if not, what was found instead: a text, or a list, the first few of it."""
        print(f"  {'ok  ' if holds else 'FAIL'}  {what}", flush=True)
        if not holds:
            self.held = False
            lines = found if isinstance(found, list) else [found] if found else []
            for line in lines[:5]:
                print(f"          {line}")
            if len(lines) > 5:
                print(f"          and {len(lines) - 5:,} more")

    def none(self, what, problems):
        """A check that nothing of a kind was found."""
        self.check(what, not problems, [str(problem) for problem in problems])

    def left_out(self, part, reason):
        """A part that cannot run here."""
        self.complete = False
        self.note(f"left out: {part}: {reason}")

    def note(self, text):
        print(f"  note  {text}", flush=True)
