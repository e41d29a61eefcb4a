"""The parts of the commands in the folder above: databases, the service's process, the load, the
report."""


class Unable(Exception):
    """Why nothing could be measured, in a sentence."""

    status = 1


class Broken(Unable):
    """The service is at fault."""

    status = 2
