"""A workbook computed for every row of a table: bound, spread over processes, kept, published."""


class BusyError(Exception):
    """Another process has the output; the message names both."""
