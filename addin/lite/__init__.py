"""The functions inside a workbook, for the add-in xlwings Lite: Excel on Mac, web and Windows, nothing else installed.

`code` writes the workbook's ``main.py``, `embedding` puts it into the file; `cells` travels with it.
"""
