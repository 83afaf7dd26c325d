"""A model's exact architecture from its config.json: parameters, FLOPs, cache, states, weights.

``load`` reads a file or a folder; what it gives answers for whole numbers and, for sweeps, for numpy arrays of
float64.  What is not understood is refused by name, never guessed.
"""

from pycalc.architecture.document import ConfigError
from pycalc.architecture.loading import load
from pycalc.architecture.model import Architecture, Flops, Layer, Parameters, Stored
from pycalc.architecture.reading import read_architecture

__all__ = ["Architecture", "ConfigError", "Flops", "Layer", "Parameters", "Stored", "load", "read_architecture"]
