"""Hosts where people type: the Excel add-in and the command line."""
