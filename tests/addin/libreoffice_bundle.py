"""Loads the extension's component as LibreOffice does and calls its functions: run by a bare Python, on lines of JSON.

The first line names component.py and the only folders beside the standard library in which modules may be found.
"""

import importlib.util
import json
import sys


def cell(value):
    """NaN, as which Calc has errors, is not JSON."""
    return value if isinstance(value, str) or value == value else f"error {value_bits(value)}"


def value_bits(value):
    import struct

    return struct.unpack("<Q", struct.pack("<d", value))[0] & 0xFFFF


def main():
    component_path, folders = json.loads(sys.stdin.readline())
    sys.path.extend(folders)
    before = list(sys.path)
    spec = importlib.util.spec_from_file_location("component", component_path)
    component = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(component)
    try:
        functions = component.load()
    except component.MissingError as missing:
        print(json.dumps({"missing": str(missing), "path": [place for place in sys.path if place not in before]}))
        return
    results = []
    for line in sys.stdin:
        name, arguments = json.loads(line)
        given = [tuple(map(tuple, value)) if isinstance(value, list) else value for value in arguments]
        results.append([list(map(cell, row)) for row in functions.function(name)(*given)])
    origins = {name: getattr(module, "__file__", None) for name, module in sys.modules.items() if "." not in name}
    document = {"results": results, "path": [place for place in sys.path if place not in before], "origins": origins}
    print(json.dumps(document))


if __name__ == "__main__":
    main()
