"""Workbooks compiled into columns: each formula computed for many scenarios at once."""
