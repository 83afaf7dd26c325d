"""A whole workbook as values, without a word about how it is drawn."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from workbook_templates.spec.blocks import Block, Strip
from workbook_templates.spec.catalogue import Catalogue
from workbook_templates.spec.charts import Chart, HeatMap
from workbook_templates.spec.rows import SCENARIOS, CaseInput, Choice, Input, Line, Over, Section, Unit
from workbook_templates.spec.stated import is_stated

SHOWS = "It shows what was computed"


@dataclass(frozen=True, slots=True)
class Kpi:
    """A figure of the band on the dashboard; ``name`` is a line's or an input's."""

    label: str
    name: str
    unit: Unit
    caption: str


@dataclass(frozen=True, slots=True)
class Check:
    """A condition that must hold; the sheet shows 0 where it does, 1 where it does not or cannot be computed."""

    label: str
    holds: str
    meaning: str
    bare: bool = False
    """Whether the condition cannot be an error itself, and so is not guarded against one."""
    otherwise: str = "1"
    """The flag where the condition cannot be computed."""


def only_missing(block: str, why: str) -> Check:
    """The check that declares a block's #N/A: ``why`` says where the block has no number; any other error is a fault.

    SUM gives the first error that it meets, so that a later one hides behind a #N/A: no engine
    but Excel counts errors over a range.
    """
    what = f"#N/A {why}; any other error is a fault"
    return Check(f"No error but #N/A in {block.replace('_', ' ')}", f"ISERR(SUM({block}.area))=FALSE", what, bare=True)


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the change log."""

    version: str
    when: date
    what: str


def case_sheet(over: Over) -> str:
    """The sheet of the inputs that have a value for each case."""
    return f"Inputs_{over.word}"


def run_sheet(over: Over) -> str:
    """The sheet on which every scenario is computed again by column."""
    return f"Sensitivity_{over.word}"


def stated_sheet(section: Section) -> str:
    """The sheet of what is printed, beside the sheet that computes it: Catalogue_Claims beside Calc_Claims."""
    return f"Catalogue_{section.sheet.partition('_')[2]}"


@dataclass(frozen=True, slots=True)
class Template:
    """A whole workbook."""

    name: str
    title: str
    reader: str
    question: str
    purpose: str
    how: tuple[str, ...]
    """Steps for the reader, on the cover."""
    inputs: tuple[Section, ...]
    calc: tuple[Section, ...]
    blocks: tuple[Block, ...]
    kpis: tuple[Kpi, ...]
    reading: tuple[str, ...]
    """Formulas that put the result in words."""
    charts: tuple[Chart, ...]
    checks: tuple[Check, ...]
    headlines: tuple[str, ...]
    """Names of the lines that the command line prints."""
    changes: tuple[Change, ...]
    """Newest first; the first one's version and date are the workbook's."""
    catalogues: tuple[Catalogue, ...] = ()
    signs: str = "All amounts are costs and positive; changes are signed, minus = cheaper"
    scenario: str = field(default=SCENARIOS[0])

    @property
    def version(self) -> str:
        return self.changes[0].version

    @property
    def when(self) -> date:
        return self.changes[0].when

    @property
    def sheets(self) -> tuple[str, ...]:
        """The tabs in their order."""
        cases = dict.fromkeys(case_sheet(section.over) for section in self.inputs if section.over)
        calc = dict.fromkeys(section.sheet for section in self.calc)
        calc = dict.fromkeys(sorted(calc, key=lambda title: title != "Time"))
        runs = dict.fromkeys(run_sheet(over) for block in self.blocks if isinstance(block, Strip) for over in block.over)
        picked = (*(table.sheet for table in self.catalogues), *map(stated_sheet, filter(is_stated, self.calc)))
        ends = ("Dashboard", "Checks", *picked, "ChangeLog")
        return ("Cover", "Inputs", *cases, *calc, "Sensitivity", *runs, *ends)

    def all_checks(self) -> Iterator[Check]:
        """The template's own, then that the dashboard shows what was computed: #N/A where that is the answer."""
        yield from self.checks
        for kpi in self.kpis:
            shown, name = f"kpi.{kpi.name}", kpi.name
            yield Check(f"Dashboard: {kpi.label}", f"{shown}={name}", SHOWS, otherwise=f"ISNUMBER({name})*1")
        for block in self.blocks:
            if isinstance(block, Strip):
                sums = tuple(f"SUM({part}.{self.headlines[0]})" for part in (f"shown.{block.name}", block.name))
                yield Check("Dashboard: scenarios", "=".join(sums), SHOWS, otherwise="0")
        for spec in self.charts:
            if isinstance(spec, HeatMap):
                label = f"Dashboard: {spec.grid.replace('_', ' ')}"
                for i, _ in enumerate(spec.runs):
                    same = f"SUMPRODUCT(--(shown.{spec.grid}.run{i}<>{spec.grid}.run{i}))=0"
                    part = f", part {i + 1}" if len(spec.runs) > 1 else ""
                    yield Check(label + part, same, SHOWS, otherwise="0")

    def all_inputs(self) -> Iterator[Input | Choice]:
        """The inputs that have a value for each scenario."""
        for section in self.inputs:
            yield from (row for row in section.rows if isinstance(row, Input | Choice))

    def case_inputs(self) -> Iterator[CaseInput]:
        for section in self.inputs:
            yield from (row for row in section.rows if isinstance(row, CaseInput))

    def all_lines(self) -> Iterator[Line]:
        for section in self.calc:
            yield from section.lines()

    def overs(self) -> dict[str, Over | None]:
        """What each row has columns of, by name; None where it stands once."""
        found: dict[str, Over | None] = {}
        for section in (*self.inputs, *self.calc):
            found |= {row.name: section.over for row in section.rows}
            if section.over:
                found[section.over.name] = section.over
        return found

    def catalogue(self, name: str) -> Catalogue:
        return next(table for table in self.catalogues if table.name == name)
