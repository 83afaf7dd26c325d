"""The commands about workbooks: list the templates, make one, check one, compute one."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from addin.cli.output import digits, note, print_json, print_table
from addin.cli.status import RefusedError, Status
from addin.cli.typed import cell_text
from workbook_templates import build, registry
from workbook_templates.headless.engines import AUTO, FALLBACK
from workbook_templates.headless.recalculation import fill_cached_values
from workbook_templates.rules import check_workbook
from workbook_templates.spec import PERCENT


def list_templates(as_json: bool) -> None:
    """What workbooks there are to make."""
    found = list(registry.templates())
    if as_json:
        keys = ("name", "reader", "question", "sheets")
        print_json([{key: getattr(template, key) for key in keys} for template in found])
        return
    rows = [(template.name, template.reader, template.question, ", ".join(template.sheets)) for template in found]
    print_table(("template", "reader", "question", "sheets"), rows)


def new(
    name: str, out: Path, functions: build.Functions, settings: Sequence[str], audit: bool = False, lite: bool = False
) -> Status:
    """A workbook of one's own, and the results that it opens with."""
    template = registry.template(name)
    require_place(out, ".xlsx")
    overrides = dict(map(_setting, settings))
    if lite:
        from addin.lite import embedding

        built = embedding.build_with_code(template, out, functions, overrides, audit)
    else:
        built = build.build(template, out, functions, overrides, audit)
    print_table((str(out), "", ""), list(map(_shown, built.headlines)))
    if lite:
        print(embedding.NEXT_STEP)
    for check in built.failing:
        note(f"llmecon: with these inputs the workbook's own check fails: {check}")
    return Status.FINDINGS if built.failing else Status.DONE


def _shown(line: build.Headline) -> tuple[str, str, str]:
    value = digits(line.value) if isinstance(line.value, float) else cell_text(line.value)
    return line.label, value, "fraction" if line.unit == PERCENT else line.unit


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise RefusedError(f"--set {text}: write it as name=value")
    return name.strip(), value


def check(book: Path, as_json: bool) -> Status:
    """The thirty rules on a workbook."""
    report = check_workbook(book)
    if as_json:
        print_json(report.to_json())
    else:
        print(report.text())
    return Status.DONE if report.passed else Status.FINDINGS


def recalc(book: Path, out: Path, engine: str) -> None:
    """Every formula computed, the values stored in a copy; for a single time the general engine is the quick one."""
    require_place(out, book.suffix)
    result = fill_cached_values(book, out, FALLBACK if engine == AUTO else engine)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(result.counts.items()))
    print(f"{out}: {len(result.values)} cells computed" + (f" ({kinds})" if kinds else ""))


def require_place(out: Path, suffix: str) -> None:
    """Refuse, before any work is done, a place where the result could not be put."""
    if out.suffix.lower() != suffix.lower():
        raise RefusedError(f"{out}: the name of this file must end in {suffix}")
    if out.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(out))
    if not out.parent.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "there is no such folder", str(out.parent))
