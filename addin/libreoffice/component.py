"""What LibreOffice loads: the functions as a UNO component, or where they cannot be had, the reason.

Beside this file lies ``python/`` with our packages.  numpy is that of LibreOffice's Python, else
that of the user's own folder for us; the folder that LLMECON_SITE names goes before both.

Where something is missing, every function is #NAME?, and the reason stands on the standard error
and in a bar above the sheet; the standard error has it when the extension is added, too.  Adding it
does not fail: LibreOffice would keep the half of it that needs no Python, and show its own Err:504.

LibreOffice's Python may be old: this file keeps to what 3.7 reads, and imports late.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from addin.libreoffice.functions import Functions

OLDEST_PYTHON = (3, 11)
OLDEST_NUMPY = (1, 24)
SITE = "LLMECON_SITE"
BUNDLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "python")

WARNING = 2  # com.sun.star.frame.InfobarType


class MissingError(Exception):
    """Something that the functions need is not there; the message says what to do."""


# What LibreOffice's loader of Python components calls


def writeRegistryInfo(manager: Any, key: Any) -> Any:  # noqa: N802 - UNO's name
    """When the extension is added; our types are not known yet."""
    try:
        load()
    except MissingError as missing:
        say(missing)
    return _registered().writeRegistryInfo(key, manager)


def getComponentFactory(name: str, manager: Any, key: Any) -> Any:  # noqa: N802 - UNO's name
    """When a formula or the function wizard first needs one of our functions."""
    return _registered().getComponentFactory(name, key, manager)


def _registered() -> Any:
    helper = import_module("unohelper").ImplementationHelper()
    helper.addImplementation(create, _ours().SERVICE, (_ours().SERVICE,))
    return helper


def _ours() -> Any:
    """Our package as far as it needs nothing else."""
    with searching(ahead=[BUNDLE]):
        return import_module("addin.libreoffice")


# Finding what the functions need


def load() -> Functions:
    """The functions; MissingError where LibreOffice's Python or its numpy is not enough."""
    if sys.version_info < OLDEST_PYTHON:
        raise MissingError(
            f"llmecon needs Python {_dotted(OLDEST_PYTHON)} or newer in LibreOffice, whose own is {_dotted(sys.version_info)}"
        )
    named = os.environ.get(SITE)
    with searching(ahead=[BUNDLE, named] if named else [BUNDLE], behind=[own_site()]):
        _require_numpy()
        from addin.libreoffice.functions import Functions

        return Functions()


def _require_numpy() -> None:
    try:
        version = import_module("numpy").__version__
    except ModuleNotFoundError:
        raise MissingError(_wanted("has none")) from None
    except Exception as fault:
        raise MissingError(_wanted(f"fails to load its own ({fault})")) from None
    if tuple(int(number) for number in version.split(".")[:2]) < OLDEST_NUMPY:
        raise MissingError(_wanted(f"has {version}"))


def _wanted(found: str) -> str:
    """One line, since LibreOffice may show no more."""
    needed, python = _dotted(OLDEST_NUMPY), _dotted(sys.version_info)
    debian = "apt install python3-numpy, or " if sys.platform.startswith("linux") else ""
    return (
        f"llmecon needs numpy {needed} or newer in LibreOffice, whose Python {python} {' '.join(found.split())}: "
        f'{debian}pip install --target "{own_site()}" --python-version {python} --only-binary=:all: numpy'
    )


def say(missing: object) -> None:
    """On the standard error, if there is one."""
    with suppress(Exception):
        print(missing, file=sys.stderr)


def own_site() -> str:
    """The user's folder of packages for this version of Python, where the platform keeps settings."""
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        settings = os.environ.get("APPDATA") or os.path.join(home, "AppData", "Roaming")
    elif sys.platform == "darwin":
        settings = os.path.join(home, "Library", "Application Support")
    else:
        settings = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    return os.path.join(settings, "llmecon", f"python{_dotted(sys.version_info)}")


def _dotted(version: Any) -> str:
    return f"{version[0]}.{version[1]}"


@contextmanager
def searching(ahead: list[str], behind: list[str] | None = None) -> Iterator[None]:
    """Look for modules there too.

    Afterwards only our bundle stays, behind all else: the office's Python is shared with other
    extensions, which must not find packages of ours, or in our folders, before their own.
    """
    before = list(sys.path)
    sys.path[:] = [*ahead, *before, *(behind or [])]
    try:
        yield
    finally:
        sys.path[:] = before if BUNDLE in before else [*before, BUNDLE]


# The component


def create(context: Any) -> Any:
    """The component that Calc asks for its functions; all else that Calc knows of them is in its configuration."""
    try:
        functions: Functions | Refusing = load()
    except MissingError as missing:
        functions = Refusing(str(missing), context)
    interface = f"{_ours().SERVICE}.{_ours().INTERFACE}"
    return _object(interface, __getattr__=lambda component, name: _method(functions, component, name))


def _object(interface: str, **methods: Any) -> Any:
    """An object that UNO can call."""
    uno, base = import_module("uno"), import_module("unohelper").Base
    return type("Object", (base, uno.getClass(interface)), methods)()


def _method(functions: Functions | Refusing, component: Any, name: str) -> Any:
    """The method that UNO asks for, kept where Python finds it the next time."""
    try:
        method = functions.function(name)
    except KeyError:
        raise AttributeError(name) from None
    setattr(component, name, method)
    return method


class Refusing:
    """In the place of the functions: the reason why there are none."""

    def __init__(self, reason: str, context: Any) -> None:
        self.reason = reason
        self.context = context
        self.shown = False

    def function(self, name: str) -> Any:
        if not name.isupper():
            raise KeyError(name)
        return self._refuse

    def _refuse(self, *given: Any) -> tuple[tuple[float]]:
        if not self.shown:
            self.shown = True
            say(self.reason)
            with suppress(Exception):  # a message that cannot be shown must not make things worse
                self._announce()
        number: float = import_module("addin.libreoffice.errors").error_value("#NAME?")
        return ((number,),)

    def _announce(self) -> None:
        """A bar above the sheet, once the office is done with its formulas."""
        callback = _object("com.sun.star.awt.XCallback", notify=lambda listener, data: self._show())
        self._service("com.sun.star.awt.AsyncCallback").addCallback(callback, None)

    def _show(self) -> None:
        """In the window that is open; while a document is still being loaded, in the one that opens next."""
        document = self._service("com.sun.star.frame.Desktop").getCurrentComponent()
        view = document and document.getCurrentController()
        if view:
            self._add_bar(view)
            return
        events = self.context.getByName("/singletons/com.sun.star.frame.theGlobalEventBroadcaster")

        def happened(listener: Any, event: Any) -> None:
            if event.EventName == "OnViewCreated":
                events.removeDocumentEventListener(listener)
                self._add_bar(event.ViewController)

        listener = "com.sun.star.document.XDocumentEventListener"
        events.addDocumentEventListener(_object(listener, documentEventOccured=happened, disposing=lambda *_: None))

    def _add_bar(self, view: Any) -> None:
        view.appendInfobar("llmecon", "The functions of llmecon do not work.", self.reason, WARNING, (), True)

    def _service(self, name: str) -> Any:
        return self.context.ServiceManager.createInstanceWithContext(name, self.context)
