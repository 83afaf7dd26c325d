"""What the add-in's VBA and the Python behind it agree on; neither xlwings nor Windows is needed to know it."""

UDF_MODULE = "addin.excel.udfs"
CATEGORY = "LLM economics"
XLWINGS = "0.37.8"
"""The version whose DLL starts Python, pinned in the extra ``excel``: the DLL's name holds it."""

ERROR_NUMBERS = {
    "#NULL!": 2000,
    "#DIV/0!": 2007,
    "#VALUE!": 2015,
    "#REF!": 2023,
    "#NAME?": 2029,
    "#NUM!": 2036,
    "#N/A": 2042,
    "#GETTING_DATA": 2043,
    "#SPILL!": 2045,
    "#CONNECT!": 2046,
    "#BLOCKED!": 2047,
    "#UNKNOWN!": 2048,
    "#FIELD!": 2049,
    "#CALC!": 2050,
    "#BUSY!": 2051,
}
"""Excel's XlCVError: what VBA's ``CVErr`` takes."""
