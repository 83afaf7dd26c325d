"""A model's exact architecture from its config.json: parameters, FLOPs, cache, states, weights.

``load`` reads a file; what it gives answers for whole numbers and, for sweeps, for numpy arrays of
float64.  What is not understood is refused by name, never guessed.
"""

from pycalc.architecture.document import ConfigError
from pycalc.architecture.model import Architecture, Flops, Layer, Parameters
from pycalc.architecture.reading import load, read_architecture

__all__ = ["Architecture", "ConfigError", "Flops", "Layer", "Parameters", "load", "read_architecture"]
