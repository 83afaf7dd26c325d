"""The one way in which the columnar engine says that a workbook is not for it."""


class UnsupportedError(Exception):
    """What is not computed in columns: a code and its description; where it is, its catcher knows."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(code, what)
        self.code, self.what = code, what


class NotColumnar(Exception):  # noqa: N818 - no error of the user's: another engine takes the workbook
    """What is not computed in columns, and where; the run then falls back to another engine."""

    def __init__(self, code: str, sheet: str, cell: str, what: str) -> None:
        self.code, self.sheet, self.cell, self.what = code, sheet, cell, what
        super().__init__(f"{code}: {sheet}!{cell}: {what}")
