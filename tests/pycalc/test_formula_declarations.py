"""An incomplete declaration fails at import, naming the fault; every declaration suits every host."""

import ast
import inspect
import re
from typing import Annotated, Any

import pytest
from openpyxl.utils import FORMULAE

import pycalc
from pycalc import FUNCTIONS
from pycalc.errors import EXCEL_ERRORS, TEXT_LIMIT, CalcError, CellError, DeclarationError, shorten
from pycalc.formula import CELL_ADDRESS, VBA_KEYWORDS, documentation, formula
from pycalc.quantities import Quantity
from pycalc.record import ARTICLE, REQUIRED, derived

Count = Annotated[Any, Quantity("n", "items", "A count")]
Unitless = Annotated[Any, Quantity("n", "", "A count")]


@pytest.fixture
def registry(monkeypatch):
    """An empty registry in the place of the real one."""
    empty = {}
    monkeypatch.setattr("pycalc.formula.FUNCTIONS", empty)
    return empty


DOC = """Twice the count.

    >>> twice(2)
    4.0
    """


def declare(
    name="twice", doc=DOC, parameters="count: Count", result="Count", section="1", source="a source", lines_above=0, **declared
):
    """Declare a function written for the purpose."""
    space = {"Count": Count, "Unitless": Unitless, "derived": derived, "REQUIRED": REQUIRED}
    above = "\n" * lines_above
    code = compile(f"{above}def {name}({parameters}) -> {result}:\n    return 2 * count", "written", "exec")
    exec(code, space)  # noqa: S102
    body = space[name]
    body.__doc__ = doc
    return formula(section, source, **declared)(body)


def test_a_complete_declaration_is_registered(registry):
    function = declare()
    spec = registry["TWICE"]
    assert function(2) == 4
    assert type(function(2)) is float
    assert (spec.name, spec.excel_name, spec.summary, spec.section, spec.source) == (
        "twice",
        "TWICE",
        "Twice the count.",
        "1",
        "a source",
    )
    assert [p.name for p in spec.parameters] == ["count"]
    assert spec.result.unit == "items"
    assert function.__name__ == "twice"


FAULTS = [
    ({"doc": None}, "the docstring begins with no sentence that ends in a full stop"),
    ({"doc": "Twice the count\n\n>>> twice(2)"}, "the docstring begins with no sentence that ends in a full stop"),
    ({"doc": f"{'Very ' * 60}long.\n\n>>> twice(2)"}, "the summary is longer than 255 characters"),
    ({"doc": "Twice."}, "the docstring holds no example"),
    ({"doc": "Twice.\n\n>>> 2 + 2"}, "the docstring holds no example"),
    ({"doc": "Twice.\n\n>>> thrice_and_twice2(2)"}, "the docstring holds no example"),
    ({"section": ""}, "no section or no source"),
    ({"source": ""}, "no section or no source"),
    ({"result": "Unitless"}, "the result has no unit"),
    ({"result": "float"}, "return is not annotated with a quantity"),
    ({"parameters": "count"}, "count is not annotated with a quantity"),
    ({"parameters": "count: float"}, "count is not annotated with a quantity"),
    ({"parameters": "count: Unitless"}, "count has no unit"),
    ({"parameters": "count: Count, next: Count"}, "next is a keyword of VBA"),
    ({"parameters": "count: Count, Loop: Count"}, "Loop is a keyword of VBA"),
    ({"parameters": "count: Count, twice: Count"}, "twice is the function's own name, which VBA declares twice"),
    ({"parameters": "count: Count, ab12: Count"}, "ab12 is a cell address"),
    ({"parameters": "count: Count, r: Count"}, "r is a cell address"),
    ({"parameters": "count: Count, C: Count"}, "C is a cell address"),
    ({"parameters": "count: Count, Count: Count"}, "two arguments differ only by case"),
    ({"parameters": "count: Count = 1, size: Count = 2", "together": ("count", "sizes")}, "together names an unknown argument"),
    ({"parameters": "count: Count = 1, size: Count = REQUIRED"}, "size is required after an optional argument"),
    ({"parameters": "*, count: Count"}, "a cell has no keyword-only or starred arguments"),
    ({"parameters": "*count: Count"}, "a cell has no keyword-only or starred arguments"),
    ({"parameters": "count: Count, **rest: Count"}, "a cell has no keyword-only or starred arguments"),
    ({"parameters": ", ".join(f"count{'_' * i}: Count" for i in range(61))}, "more than 60 arguments"),
    ({"parameters": f"count: Count = derived(lambda: 1, {'very ' * 60!r})"}, "the help of count is longer than 255 characters"),
    ({"name": "kv2", "doc": "A.\n\n>>> kv2(2)"}, "illegal Excel name"),
    ({"name": "abc123", "doc": "A.\n\n>>> abc123(2)"}, "illegal Excel name"),
    ({"name": "c", "doc": "A.\n\n>>> c(2)"}, "illegal Excel name"),
    ({"name": "_twice", "doc": "A.\n\n>>> _twice(2)"}, "illegal Excel name"),
    ({"name": "größe", "doc": "A.\n\n>>> größe(2)"}, "illegal Excel name"),
]


@pytest.mark.parametrize(("change", "fault"), FAULTS, ids=[f"{i} {fault}" for i, (_, fault) in enumerate(FAULTS)])
def test_an_incomplete_declaration_is_refused(registry, change, fault):
    with pytest.raises(DeclarationError) as refused:
        declare(**change)
    assert str(refused.value) == f"{change.get('name', 'twice')}: {fault}"
    assert registry == {}, "nothing half declared is left behind"


def test_what_is_just_allowed(registry):
    declare(doc=f"{'a' * (TEXT_LIMIT - 1)}.\n\n>>> twice(2)")
    declare(
        name="thrice",
        doc="Thrice.\n\n    >>> round(thrice(2))",
        parameters=", ".join(f"count{'_' * i}: Count" for i in range(60)),
    )
    declare(name="abcd12", doc="A.\n\n>>> abcd12(2)")
    declare(
        name="one",
        doc="A.\n\n>>> one(2)",
        parameters="count: Count, size: Count = 1, depth: Count = 2",
        together=("size", "depth"),
    )
    assert [*registry] == ["TWICE", "THRICE", "ABCD12", "ONE"]


def test_a_name_is_declared_once(registry):
    declare()
    declare()  # the same lines loaded anew are no second declaration
    with pytest.raises(DeclarationError, match=r"^twice: declared twice$"):
        declare(lines_above=1)
    assert [*registry] == ["TWICE"]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
class TestEveryDeclaration:
    def test_texts_fit_a_function_wizard(self, name):
        spec = FUNCTIONS[name]
        assert len(spec.summary) <= TEXT_LIMIT
        assert len(spec.usage) <= TEXT_LIMIT
        for text in (spec.summary, spec.usage, *(parameter.help for parameter in spec.parameters)):
            assert text.isprintable()
            assert len(text) <= TEXT_LIMIT
            assert text == text.strip()
            assert "  " not in text

    def test_the_name_is_free_in_excel(self, name):
        assert name not in FORMULAE
        assert f"_XLFN.{name}" not in FORMULAE
        assert not re.fullmatch(r"[A-Z]{1,3}[0-9]+", name), "a cell's address"
        assert not re.fullmatch(r"R([0-9]*)C([0-9]*)|R[0-9]*|C[0-9]*", name), "an address in the other style"
        assert name not in ("TRUE", "FALSE", "NULL")
        assert len(name) <= 64

    def test_arguments_are_named_as_vba_allows(self, name):
        spec = FUNCTIONS[name]
        for parameter in spec.parameters:
            assert re.fullmatch(r"[a-z][a-z0-9_]*", parameter.name)
            assert parameter.name not in VBA_KEYWORDS
            assert not CELL_ADDRESS.fullmatch(parameter.name)
        assert len({parameter.name for parameter in spec.parameters}) == len(spec.parameters) <= 60

    def test_help_says_symbol_unit_range_and_default(self, name):
        for parameter in FUNCTIONS[name].parameters:
            q = parameter.quantity
            assert parameter.help.startswith(f"{q.symbol} [{q.unit}]: " if q.is_number else f"{q.symbol}: ")
            assert q.meaning in parameter.help
            assert q.span in parameter.help
            assert parameter.help.endswith(f" Default: {parameter.default_text}." if parameter.optional else f"{q.span}.")
            assert q.low <= q.high

    def test_symbols_tell_the_arguments_apart(self, name):
        symbols = [parameter.quantity.symbol for parameter in FUNCTIONS[name].parameters if parameter.quantity.is_number]
        assert len({*symbols}) == len(symbols)

    def test_the_source_and_an_example_are_there(self, name):
        spec, function = FUNCTIONS[name], getattr(pycalc, name.lower())
        assert spec.section.replace(".", "").isdigit()
        assert spec.source
        assert spec.reference in function.__doc__
        assert ">>> " in function.__doc__
        assert all(parameter.help in function.__doc__ for parameter in spec.parameters)
        assert spec.result.meaning in function.__doc__
        assert function.__doc__ == documentation(spec)

    def test_defaults_are_inside_their_range(self, name):
        for parameter in FUNCTIONS[name].parameters:
            q = parameter.quantity
            if parameter.optional and q.is_number and isinstance(parameter.default, float | int):
                assert q.low <= parameter.default <= q.high
                assert not (q.whole and parameter.default % 1)
                assert float(parameter.default_text) == parameter.default
            if parameter.optional and q.choices:
                assert parameter.default in q.choices
            if parameter.optional and q.is_flag:
                assert parameter.default_text in ("TRUE", "FALSE")

    def test_the_body_is_one_plain_expression_of_its_arguments(self, name):
        """No branch on a value: such a body would compute only one element of an array."""
        spec = FUNCTIONS[name]
        if spec.untraceable:
            return
        tree = ast.parse(inspect.getsource(spec.body))
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.If | ast.IfExp | ast.For | ast.While | ast.BoolOp)]


def test_the_words_that_say_where_a_formula_is_from():
    assert FUNCTIONS["LAYER_FLOPS"].reference == f"{ARTICLE}, section 2.7"
    assert FUNCTIONS["MLA_KV_BYTES"].reference.startswith('DeepSeek-AI, "DeepSeek-V2" (2024)')
    assert "section 5.2" not in FUNCTIONS["MLA_KV_BYTES"].reference


def test_usage_and_span():
    assert FUNCTIONS["COST_PER_MTOK"].usage == "COST_PER_MTOK(usd_per_hour, tokens_per_second, [utilisation])"
    spans = {p.name: p.quantity.span for p in FUNCTIONS["LAYER_FLOPS"].parameters}
    assert spans["tokens"] == "a number from 0 to 1e+15"
    assert spans["heads"] == "a whole number from 1 to 1e+06"
    assert spans["causal"] == "TRUE or FALSE"
    assert spans["activation"] == "one of gelu, relu, silu, relu2, swiglu, geglu, reglu, glu"
    helps = {p.name: p.help for p in FUNCTIONS["LAYER_FLOPS"].parameters}
    assert helps["heads"] == "h [heads]: Query heads of a layer, a whole number from 1 to 1e+06. Default: model_dim/head_dim."
    assert helps["causal"] == "f: TRUE counts half the n×n square, FALSE all of it, TRUE or FALSE. Default: FALSE."
    assert helps["tokens"] == "n [tokens]: Tokens processed in one pass, a sequence's length, a number from 0 to 1e+15."
    overhead = FUNCTIONS["KV_BUDGET"].parameters[2]
    assert overhead.help.endswith("Default: 2e+09.")


def test_spans_as_compares_the_numbers_that_two_quantities_allow():
    base = Quantity("n", "tokens", "a", 0, 9)
    assert base.spans_as(Quantity("m", "bytes", "b", 0, 9))
    for other in (
        Quantity("n", "tokens", "a", 1, 9),
        Quantity("n", "tokens", "a", 0, 8),
        Quantity("n", "tokens", "a", 0, 9, whole=True),
        Quantity("n", "tokens", "a", 0, 9, choices={"x": 1.0}),
    ):
        assert not base.spans_as(other)


class TestErrors:
    def test_an_excel_error_is_one_that_excel_knows(self):
        assert [str(CellError(code)) for code in EXCEL_ERRORS] == list(EXCEL_ERRORS)
        assert CellError("#N/A") == CellError("#N/A") != CellError("#NUM!")
        with pytest.raises(ValueError, match=r"'#WRONG!' is not an Excel error; known: #NULL!, #DIV/0!, #VALUE!,"):
            CellError("#WRONG!")

    def test_texts_are_cut_to_one_line(self):
        assert shorten("a" * TEXT_LIMIT) == "a" * TEXT_LIMIT
        assert shorten("a" * (TEXT_LIMIT + 1)) == "a" * (TEXT_LIMIT - 1) + "…"
        assert shorten("abcdef", 4) == "abc…"
        assert shorten("abcd", 4) == "abcd"
        assert shorten("a\nb\tc\x00d") == "a b c d"
        assert len(CalcError("x" * 999).reason) == TEXT_LIMIT

    def test_the_tree_at_the_head_of_the_module_is_the_tree(self):
        """Each class is drawn under its base, with the code that it has where one is shown."""
        import pycalc.errors

        drawn, path = {}, {}
        for line in pycalc.errors.__doc__.splitlines():
            match = re.match(r"^((?:[│ ]   )*(?:[├└]── )?)([A-Z]\w+Error)\b.*?(#\S+)?$", line)
            if match:
                depth = len(match[1]) // 4
                path[depth] = match[2]
                drawn[match[2]] = path.get(depth - 1), match[3]
        classes = {
            name: value
            for name, value in vars(pycalc.errors).items()
            if isinstance(value, type) and issubclass(value, Exception)
        }
        assert {*drawn} == {*classes}
        for name, (base, code) in drawn.items():
            assert base is None or classes[name].__mro__[1] is classes[base]
            assert code is None or classes[name].code == code
        assert issubclass(classes["CalcError"], ValueError)
        assert classes["CalcError"].code == "#VALUE!"
