"""How a function hands Calc an error: as the NaN by which Calc itself marks a cell's error, its number in the low bits."""

import struct

NUMBERS = {
    "#NUM!": 503,
    "#VALUE!": 519,
    "#NULL!": 521,
    "#REF!": 524,
    "#NAME?": 525,
    "#DIV/0!": 532,
    "#N/A": 32767,
}
"""Calc's numbers of the errors that it has in common with Excel."""

QUIET_NAN = 0x7FF80000


def error_value(code: str) -> float:
    """The float that Calc shows as this error; one that Calc does not know is shown as #VALUE!.

    >>> error_value("#N/A").hex(), error_value("#SPILL!") == error_value("#SPILL!")
    ('nan', False)
    """
    number: float = struct.unpack("<d", struct.pack("<II", NUMBERS.get(code, NUMBERS["#VALUE!"]), QUIET_NAN))[0]
    return number
