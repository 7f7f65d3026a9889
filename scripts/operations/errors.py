"""The one error of the verbs: a line for the person who typed one."""


class OperationError(Exception):
    """Something is wrong; the message says what, and what to do."""
