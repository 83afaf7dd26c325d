"""The declared functions as custom functions: the script that computes them, and the metadata that Excel reads.

Both are made from the same records as every other host: the script from bodies that are traced
(`addin.officejs.javascript`), below the policy for cells that ``runtime.js`` holds.
"""

import json
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Any

from addin.officejs.javascript import expression, identifier, number_text, statements, wrapped
from pycalc import FUNCTIONS
from pycalc.policy import default_value
from pycalc.record import Derived, Formula, Parameter
from pycalc.symbolic import Symbol, name
from pycalc.tables import TABLE_FUNCTIONS
from pycalc.version import __version__


def included() -> list[Formula]:
    """What a script can compute: every function whose body can be traced."""
    return [spec for spec in FUNCTIONS.values() if not spec.untraceable]


def left_out() -> list[str]:
    """The functions that look something up, iterate or give a table: these need Python."""
    return [*(spec.excel_name for spec in FUNCTIONS.values() if spec.untraceable), *TABLE_FUNCTIONS]


def metadata(specs: Iterable[Formula]) -> str:
    """``functions.json``: names, help and arguments, each of which may be a range, a text or an error."""
    functions = [
        {
            "id": spec.excel_name,
            "name": spec.excel_name,
            "description": spec.summary,
            "parameters": list(map(_argument, spec.parameters)),
            "result": {"type": "any", "dimensionality": "matrix"},
        }
        for spec in specs
    ]
    return json.dumps({"allowErrorForDataTypeAny": True, "functions": functions}, ensure_ascii=False, indent=2) + "\n"


def _argument(parameter: Parameter) -> dict[str, Any]:
    argument: dict[str, Any] = {"name": parameter.name, "description": parameter.help}
    argument |= {"type": "any", "dimensionality": "matrix"}
    return argument | {"optional": True} if parameter.optional else argument


def script(specs: Iterable[Formula]) -> str:
    """``functions.js``: the policy, then each function with its arguments."""
    runtime = resources.files("addin.officejs").joinpath("runtime.js").read_text("utf-8")
    head = f"// llmecon {__version__}: generated from the declared formulas. Change these and build again.\n"
    parts = [f'{head}(function () {{\n"use strict";\n', runtime, *map(_declaration, specs), "})();\n"]
    return "\n".join(parts)


def _declaration(spec: Formula) -> str:
    arguments = ", ".join(identifier(parameter.name) for parameter in spec.parameters)
    together = f", {json.dumps(list(spec.together))}" if spec.together else ""
    lines = [
        f"/** {spec.summary.replace('*/', '* /')} */\n",
        wrapped(f"function {spec.excel_name}({arguments}) {{", first="", rest="  "),
        *map(wrapped, statements(spec.traced())),
        f'}}\ndeclare("{spec.excel_name}", {spec.excel_name}, [\n',
        *(wrapped(f"{_checks(spec.parameters, parameter)},") for parameter in spec.parameters),
        f"]{together});\n",
    ]
    return "".join(lines)


def _checks(parameters: Sequence[Parameter], parameter: Parameter) -> str:
    """What one argument must be, and what stands for it where it is left out."""
    q = parameter.quantity
    fields = {"name": json.dumps(parameter.name)}
    if q.choices:
        choices = ", ".join(f"{json.dumps(text)}: {number_text(number)}" for text, number in q.choices.items())
        fields["choices"] = f"{{ {choices} }}"
    else:
        fields |= {"low": number_text(q.low), "high": number_text(q.high)}
        fields |= {"whole": "true"} if q.whole or q.is_flag else {}
        fields |= {"flag": "true"} if q.is_flag else {}
    if isinstance(parameter.default, Derived):
        fields["otherwise"] = _rule(parameters, parameter)
    elif parameter.optional:
        fields["otherwise"] = number_text(default_value(parameter, {}))
    return "{ " + ", ".join(f"{key}: {text}" for key, text in fields.items()) + " }"


def _rule(parameters: Sequence[Parameter], parameter: Parameter) -> str:
    """The default that other arguments give, as a function of them.

    Defaults are filled in the order of the arguments, so a rule finds null where an argument
    that has a rule too, and comes later, is left out.
    """
    needs: tuple[str, ...] = parameter.default.needs
    order = [other.name for other in parameters]
    later = [other.name for other in parameters[order.index(parameter.name) + 1 :] if isinstance(other.default, Derived)]

    def traced(open_: Sequence[str], known: dict[str, Any]) -> Any:
        if not open_:
            return default_value(parameter, known)
        first, *rest = open_
        absent = Symbol("equal", known[first], None)
        return Symbol("if", absent, traced(rest, known | {first: None}), traced(rest, known))

    body = traced([need for need in needs if need in later], {need: name(need) for need in needs})
    given = ", ".join(need if identifier(need) == need else f"{need}: {identifier(need)}" for need in needs)
    return f"({{ {given} }}) => {expression(body)}"
