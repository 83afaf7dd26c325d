"""The error policy, for every function: what is refused, how it is called, and that it stays where it is."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from calls import NAMES, middle, of

import pycalc
from pycalc import FUNCTIONS, CalcError, CellError, evaluate
from pycalc.errors import (
    EXCEL_ERRORS,
    TEXT_LIMIT,
    ArgumentError,
    DomainError,
    InputError,
    ShapeError,
)

LONG = "a very long text, " * 50
TEXTS = ["12", "", " ", "abc", "=1+1", "TRUE", "1e3", LONG, "two\nlines", "tab\there", np.str_("12")]
NO_NUMBERS = [math.nan, math.inf, -math.inf, -1, -1e-300, 10**400, -(10**400), np.nan, np.float32("inf"), np.int8(-1)]
OTHER_TYPES = [
    (1j, "1j"),
    (b"12", "b'12'"),
    ({}, "{}"),
    (object, "<class 'object'>"),
    (np.complex128(1), "(1+0j)"),
    (np.datetime64("2026-01-01"), "date(2026, 1, 1)"),
    (slice(1), "slice("),
]


def public(name):
    return getattr(pycalc, name.lower())


def outcome(call, *args):
    """The value, or what the refusal is and says."""
    try:
        return call(*args)
    except CalcError as error:
        return type(error), error.code, error.reason


def refusal(call, *args):
    with pytest.raises(CalcError) as caught:
        call(*args)
    return caught.value


def assert_readable(error, name, parameter, shown):
    """One line that a cell can hold, naming function, argument, value and what is right."""
    text = error.reason
    assert text.isprintable(), text
    assert len(text) <= TEXT_LIMIT, text
    assert text == str(error)
    assert text.startswith(f"{name}: {parameter.name} is "), text
    assert shown in text, text
    assert text.endswith(f"; it must be {parameter.quantity.span}"), text


def each_argument(name):
    """The arguments in order, and per argument its place and declaration."""
    spec = FUNCTIONS[name]
    return list(middle(spec).values()), list(enumerate(spec.parameters))


def replaced(args, place, value):
    return [*args[:place], value, *args[place + 1 :]]


def out_of_range(parameter):
    """Numbers just outside the documented range, and fractions where a whole number is meant."""
    q = parameter.quantity
    numbers = [math.nextafter(q.low, -math.inf), math.nextafter(q.high, math.inf), 2 * q.high + 1]
    return [*numbers, q.low + 0.5, q.low + 1e-9] if q.whole or q.is_flag else numbers


@pytest.mark.parametrize("name", NAMES)
class TestScalars:
    def test_an_excel_error_is_passed_on(self, name):
        args, parameters = each_argument(name)
        for (i, parameter), code in zip(parameters * 2, EXCEL_ERRORS * 3, strict=False):
            error = refusal(public(name), *replaced(args, i, CellError(code)))
            assert isinstance(error, InputError)
            assert error.code == code
            assert error.reason == f"{name}: {parameter.name} is {code}, passed on"

    def test_a_text_is_no_number(self, name):
        args, parameters = each_argument(name)
        for i, parameter in parameters:
            for text in TEXTS:
                error = refusal(public(name), *replaced(args, i, text))
                assert type(error) is ArgumentError
                assert isinstance(error, TypeError)
                assert error.code == "#VALUE!"
                assert_readable(error, name, parameter, f'the text "{text[:20]}' if text.isprintable() else "the text")

    def test_a_boolean_is_no_number_but_a_flag(self, name):
        args, parameters = each_argument(name)
        for i, parameter in parameters:
            for truth in (True, False, np.True_, np.False_):
                if parameter.quantity.is_flag:
                    assert public(name)(*replaced(args, i, truth)) == public(name)(*replaced(args, i, float(truth)))
                    continue
                error = refusal(public(name), *replaced(args, i, truth))
                assert type(error) is ArgumentError
                assert_readable(error, name, parameter, str(truth))

    def test_other_types(self, name):
        args, parameters = each_argument(name)
        for i, parameter in parameters:
            for value, shown in OTHER_TYPES:
                error = refusal(public(name), *replaced(args, i, value))
                assert type(error) is ArgumentError
                assert_readable(error, name, parameter, shown)

    def test_a_required_blank_is_named_and_an_optional_one_left_out(self, name):
        args, parameters = each_argument(name)
        for i, parameter in parameters:
            blank = replaced(args, i, None)
            if parameter.optional:
                if parameter.name not in FUNCTIONS[name].together:
                    left_out = dict(zip([p.name for _, p in parameters], args, strict=True))
                    del left_out[parameter.name]
                    assert outcome(lambda rest=left_out: of(name, rest)) == outcome(public(name), *blank)
                continue
            error = refusal(public(name), *blank)
            assert type(error) is ArgumentError
            assert error.code == "#VALUE!"
            assert_readable(error, name, parameter, "blank")

    def test_numbers_outside_the_range(self, name):
        args, parameters = each_argument(name)
        for i, parameter in parameters:
            if parameter.quantity.choices:
                assert type(refusal(public(name), *replaced(args, i, 2.0))) is ArgumentError
                continue
            for number in [*NO_NUMBERS, *out_of_range(parameter)]:
                error = refusal(public(name), *replaced(args, i, number))
                assert type(error) is DomainError
                assert error.code == "#NUM!"
                shown = (
                    float(number)
                    if not isinstance(number, int) or abs(number) < 10**300
                    else math.copysign(math.inf, number > 0 or -1)
                )
                assert_readable(error, name, parameter, f" {shown:.15g}")

    def test_the_ends_of_the_range_are_inside(self, name):
        """At an end the answer may not exist, but never because the end itself is refused."""
        args, parameters = each_argument(name)
        for i, parameter in parameters:
            for end in () if parameter.quantity.choices else (parameter.quantity.low, parameter.quantity.high):
                found = outcome(public(name), *replaced(args, i, end))
                assert not (isinstance(found, tuple) and parameter.quantity.span in found[2]), found

    def test_an_error_beats_a_type_beats_a_range_and_the_first_argument_wins(self, name):
        args, parameters = each_argument(name)
        numeric = [(i, p) for i, p in parameters if not p.quantity.choices]
        for (i, first), (j, second) in pairwise(parameters):
            both = replaced(replaced(args, i, CellError("#REF!")), j, CellError("#N/A"))
            assert refusal(public(name), *both).code == "#REF!"
            for place, other in ((i, j), (j, i)):
                mixed = replaced(replaced(args, place, CellError("#N/A")), other, "text")
                assert refusal(public(name), *mixed).code == "#N/A"
            texts = refusal(public(name), *replaced(replaced(args, i, "text"), j, "text"))
            assert f"{first.name} is the text" in texts.reason
            assert f"{second.name} is" not in texts.reason
        for (i, first), (j, second) in pairwise(numeric):
            for place, other, named in ((i, j, second), (j, i, first)):
                error = refusal(public(name), *replaced(replaced(args, place, -1), other, "text"))
                assert type(error) is ArgumentError
                assert f"{named.name} is the text" in error.reason
            error = refusal(public(name), *replaced(replaced(args, i, -1), j, -2))
            assert f"{first.name} is -1" in error.reason

    def test_the_worksheet_hears_the_same(self, name):
        args, parameters = each_argument(name)
        for i, _ in parameters:
            for bad in (CellError("#NAME?"), "text", None, -1):
                given = replaced(args, i, bad)
                assert outcome(lambda *args: evaluate(FUNCTIONS[name], args).value, *given) == outcome(public(name), *given)

    def test_any_kind_of_number_will_do(self, name):
        """Ones fit every argument; whatever type they have, the answer or the refusal is that of floats."""
        spec = FUNCTIONS[name]
        kinds = [int, Fraction, np.float16, np.float32, np.float64, np.longdouble]
        kinds += [
            np.int8,
            np.int16,
            np.int32,
            np.int64,
            np.uint8,
            np.uint16,
            np.uint32,
            np.uint64,
            np.array,
            lambda one: np.array(1, dtype=np.int8),
        ]
        want = outcome(public(name), *[max(p.quantity.choices) if p.quantity.choices else 1.0 for p in spec.parameters])
        for kind in kinds:
            for wrap in (str, np.str_, np.array):
                args = [wrap(max(p.quantity.choices)) if p.quantity.choices else kind(1) for p in spec.parameters]
                got = outcome(public(name), *args)
                assert got == want
                assert type(got) is type(want)


def assert_all(values, good):
    """Every value is the good one; numpy's own functions may round otherwise than Python's."""
    assert all(value == good or math.isclose(value, good, rel_tol=1e-14) for value in values)


def bad_values(parameter):
    """One of each kind of bad element, with the class of its refusal."""
    q = parameter.quantity
    yield from ((CellError("#REF!"), InputError), ("12", ArgumentError), (b"x", ArgumentError))
    if not parameter.optional:
        yield None, ArgumentError
    if not q.is_flag:
        yield True, ArgumentError
    if not q.choices:
        yield from ((-1, DomainError), (math.nan, DomainError), (math.inf, DomainError), (10**400, DomainError))
        yield from ((number, DomainError) for number in out_of_range(parameter))


@pytest.mark.parametrize("name", NAMES)
class TestArrays:
    def test_a_bad_element_spoils_itself_alone(self, name):
        spec = FUNCTIONS[name]
        args, parameters = each_argument(name)
        good = public(name)(*args)
        for i, parameter in parameters:
            for bad, kind in bad_values(parameter):
                column = [args[i]] * 5
                column[3] = bad
                found = evaluate(spec, replaced(args, i, column))
                assert {position: type(error) for position, error in found.errors.items()} == {3: kind}
                alone = refusal(public(name), *replaced(args, i, bad))
                assert (found.errors[3].code, found.errors[3].reason) == (alone.code, alone.reason)
                for value in (found.value, public(name)(*replaced(args, i, tuple(column)))):
                    assert value.shape == (5,)
                    assert_all([*value[:3], value[4]], good)
                    assert value[3] is None or math.isnan(value[3])

    def test_bad_numbers_in_an_array_of_floats(self, name):
        spec = FUNCTIONS[name]
        args, parameters = each_argument(name)
        good = public(name)(*args)
        for i, parameter in parameters:
            if parameter.quantity.choices:
                continue
            numbers = [
                float(args[i]),
                math.nan,
                math.inf,
                -math.inf,
                -1.0,
                *map(float, out_of_range(parameter)),
                float(args[i]),
            ]
            found = evaluate(spec, replaced(args, i, np.array(numbers)))
            assert {*found.errors} == {*range(1, len(numbers) - 1)}
            assert {type(error) for error in found.errors.values()} == {DomainError}
            assert_all([found.value[0], found.value[-1]], good)
            plain = public(name)(*replaced(args, i, np.array(numbers)))
            assert_all([plain[0], plain[-1]], good)
            assert all(value is None or math.isnan(value) for value in plain[1:-1])

    def test_a_bad_scalar_beside_an_array(self, name):
        """In Python it is the caller's slip; on a sheet each cell of the result shows it."""
        spec = FUNCTIONS[name]
        args, parameters = each_argument(name)
        for (i, parameter), (j, _) in pairwise([*parameters, parameters[0]]):
            for bad, kind in bad_values(parameter):
                if i == j:
                    continue
                given = replaced(replaced(args, i, bad), j, [args[j]] * 3)
                error = refusal(public(name), *given)
                assert type(error) is kind
                found = evaluate(spec, given)
                assert {type(error) for error in found.errors.values()} == {kind}
                assert {error.reason for error in found.errors.values()} == {error.reason}
                assert len(found.errors) == 3

    def test_shapes(self, name):
        args, parameters = each_argument(name)
        good = public(name)(*args)
        last = len(parameters) - 1
        for shape in ((4,), (1,), (3, 1), (1, 3), (2, 3), (2, 1, 3), (0,), (0, 3), (3, 0), (2, 0, 3)):
            whole = [np.full(shape, value, dtype=object if isinstance(value, str) else float) for value in args]
            value = public(name)(*whole)
            assert value.shape == shape
            assert_all(value.reshape(-1), good)
            assert evaluate(FUNCTIONS[name], whole).errors == {}
        if last:
            column, row = [[args[0]]] * 4, [[args[last]] * 3]
            assert public(name)(*replaced(replaced(args, 0, column), last, row)).shape == (4, 3)
            error = refusal(public(name), *replaced(replaced(args, 0, [args[0]] * 4), last, [args[last]] * 3))
            assert type(error) is ShapeError
            assert error.code == "#VALUE!"
            assert error.reason.isprintable()
            assert len(error.reason) <= TEXT_LIMIT
            assert error.reason.startswith(f"{name}: the shapes do not broadcast: {parameters[0][1].name} (4,)")
            assert f"{parameters[last][1].name} (3,)" in error.reason

    def test_memory_layouts_and_types_change_nothing(self, name):
        """Sliced, transposed, read-only, reversed and narrow arrays; the arguments stay as they were."""
        args, parameters = each_argument(name)
        if any(p.quantity.choices for _, p in parameters[:1]):
            return
        base = np.array([[args[0]] * 6] * 8) * np.ones((8, 6))
        good = public(name)(*args)
        frozen = base.copy()
        frozen.setflags(write=False)
        for view in (base[::2, ::3], base.T, base[::-1], np.asfortranarray(base), frozen, np.broadcast_to(base[0], (7, 6))):
            before = view.copy()
            value = public(name)(*replaced(args, 0, view))
            assert value.shape == view.shape
            assert_all(value.reshape(-1), good)
            assert (view == before).all()
            assert not np.shares_memory(value, view)

    def test_an_excel_error_beats_a_text_beats_a_number_in_arrays_too(self, name):
        args, parameters = each_argument(name)
        if len(parameters) < 2:
            return
        (i, first), (j, second) = parameters[0], parameters[-1]
        bad = -1 if not first.quantity.choices else "no tier"
        left = [args[i], bad, bad, CellError("#N/A"), "x"]
        right = [args[j], "x", CellError("#REF!"), CellError("#REF!"), "x"]
        errors = evaluate(FUNCTIONS[name], replaced(replaced(args, i, left), j, right)).errors
        assert {*errors} == {1, 2, 3, 4}
        assert errors[1].code == "#VALUE!"
        assert [errors[2].code, errors[3].code] == ["#REF!", "#N/A"]
        assert first.name in errors[4].reason
        assert first.quantity.choices or second.name in errors[1].reason
