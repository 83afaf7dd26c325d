"""One function over a table of any size: read in batches, computed a batch at a time, written as it goes."""

from workbook_templates.headless.sweep.run import Sweep, sweep

__all__ = ["Sweep", "sweep"]
