from pycalc.flops import *
from pycalc.formula import FUNCTIONS
