"""The errors of the commands: a line for the person who typed one."""


class OperationError(Exception):
    """Something is wrong; the message says what, and what to do."""


class UnreachableError(OperationError):
    """The host does not answer by SSH, or does not let us in: nothing else can be tried there."""
