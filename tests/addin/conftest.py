"""A process that plays Excel's Python, shared by all tests of the add-in."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import com_host
import pytest
from libreoffice_office import Office

from addin.libreoffice import extension

collect_ignore = ["calc_host.py"]  # a program for the system's Python


@pytest.fixture(scope="session")
def fault_log(tmp_path_factory):
    return tmp_path_factory.mktemp("faults") / "faults.log"


@pytest.fixture(scope="session")
def excel(fault_log):
    """Calls a function in a process where the real classic xlwings hosts our module."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn, com_host.install, (fault_log,)) as process:
        yield lambda function, *arguments: process.submit(function, *arguments).result()


@pytest.fixture(scope="session")
def oxt(tmp_path_factory):
    path = tmp_path_factory.mktemp("oxt") / "llmecon.oxt"
    path.write_bytes(extension.extension())
    return path


@pytest.fixture(scope="session")
def office(oxt, tmp_path_factory):
    """LibreOffice with the extension."""
    office = Office(tmp_path_factory.mktemp("office"))
    added = office.package("add", oxt)
    assert added.returncode == 0, added.stderr
    return office
