"""The functions in Excel, through xlwings."""
