"""An engine of scenarios for tests: quick, and on some values as bad as an engine can be."""

import os
import signal
import time

ABORTS, HANGS, SWELLS, RAISES, IS_KILLED = 13.0, 14.0, 15.0, 16.0, 17.0
OUTPUT_FORMULA = "=2*x+y"


class Engine:
    """Gives 2x+y for every output, x and y being the first two inputs."""

    seconds_per_row = 0.0

    def __init__(self, package, inputs, outputs):
        self.inputs, self.outputs = inputs, outputs

    def evaluate(self, columns):
        x, y = (columns[place] for place in self.inputs[:2])
        for value in x:
            misbehave(value)
        time.sleep(self.seconds_per_row * len(x))
        return {place: [2 * a + b for a, b in zip(x, y, strict=True)] for place in self.outputs}


class SlowEngine(Engine):
    """Some twenty rows a second."""

    seconds_per_row = 0.05


def misbehave(value):
    if value == ABORTS:
        os.abort()
    if value == HANGS:
        time.sleep(3600)
    if value == SWELLS:
        bytearray(6 << 30)
    if value == RAISES:
        raise ValueError("sixteen")
    if value == IS_KILLED:
        os.kill(os.getpid(), signal.SIGKILL)
