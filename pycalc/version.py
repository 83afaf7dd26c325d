"""The version, written once; the package's metadata and every workbook read it here."""

__version__ = "0.1.0"
