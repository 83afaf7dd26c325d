"""The exception tree of the calculator.

CalcError                     an argument or a result that has no honest number
├── InputError                an argument is itself an Excel error; it is passed on
├── ArgumentError             blank, text or boolean where a number is meant     #VALUE!
├── ShapeError                arrays that do not broadcast                       #VALUE!
├── DomainError               out of range, not whole, not finite, overflow      #NUM!
├── DivisionError             a divisor is zero                                  #DIV/0!
└── NotAvailableError         no number exists                                   #N/A
    ├── DoesNotFitError       the model needs more memory than there is
    ├── NeverError            no crossover or break-even exists
    └── UnknownNameError      a name that no table holds
DeclarationError              a formula is declared wrongly; raised at import, a bug of ours

The text of an error is public API: at most 255 characters, so that a cell can hold it.
"""

from dataclasses import dataclass

TEXT_LIMIT = 255

EXCEL_ERRORS = (
    "#NULL!",
    "#DIV/0!",
    "#VALUE!",
    "#REF!",
    "#NAME?",
    "#NUM!",
    "#N/A",
    "#GETTING_DATA",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#BLOCKED!",
    "#UNKNOWN!",
    "#CONNECT!",
    "#BUSY!",
)


@dataclass(frozen=True, slots=True)
class CellError:
    """An Excel error as a cell's value, for example ``CellError("#N/A")``."""

    code: str

    def __post_init__(self) -> None:
        if self.code not in EXCEL_ERRORS:
            raise ValueError(f"{self.code!r} is not an Excel error; known: {', '.join(EXCEL_ERRORS)}")

    def __str__(self) -> str:
        return self.code


def shorten(text: str, limit: int = TEXT_LIMIT) -> str:
    """Cut a text to one line that a cell or a function wizard can hold."""
    line = text[:limit]
    if not line.isprintable():
        line = "".join(character if character.isprintable() else " " for character in line)
    return line if len(text) <= limit else line[:-1] + "…"


class CalcError(ValueError):
    """Base of every refusal; ``code`` is the Excel error that stands for it."""

    code = "#VALUE!"

    def __init__(self, reason: str) -> None:
        super().__init__(shorten(reason))

    @property
    def reason(self) -> str:
        return str(self.args[0])


class InputError(CalcError):
    """An argument already holds an Excel error."""

    def __init__(self, function: str, argument: str, error: CellError) -> None:
        super().__init__(f"{function}: {argument} is {error.code}, passed on")
        self.code = error.code


class ArgumentError(CalcError, TypeError):
    """An argument is blank, a text or a boolean where a number is meant."""


class ShapeError(CalcError):
    """The shapes of the arguments do not broadcast."""


class DomainError(CalcError):
    """An argument or the result leaves the range in which the formula holds."""

    code = "#NUM!"


class DivisionError(CalcError, ZeroDivisionError):
    """A divisor is zero."""

    code = "#DIV/0!"


class NotAvailableError(CalcError):
    """The question has no number for an answer."""

    code = "#N/A"


class DoesNotFitError(NotAvailableError):
    """More memory is needed than there is."""


class NeverError(NotAvailableError):
    """The crossover or break-even does not exist."""


class UnknownNameError(NotAvailableError, LookupError):
    """A name that no table holds."""


class DeclarationError(Exception):
    """A formula's declaration is incomplete or illegal; names the formula and the fault."""
