"""Workbooks computed without Excel: every formula, through Formualizer and our own functions."""
