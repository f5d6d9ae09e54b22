import importlib
import inspect
import pkgutil
from pathlib import Path

import public_api
import pytest

import autograd
import nn
import viz
import viz.course

PACKAGES = [autograd, nn, nn.data, viz, viz.course, viz.plots]
NAMES = [(package, name) for package in PACKAGES for name in package.__all__]


def modules(package):
    """The package and every module below it."""
    found = pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    return [package.__name__, *(module.name for module in found)]


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_a_public_name_can_be_imported_and_says_what_it_is(package, name):
    thing = getattr(package, name)
    if inspect.isclass(thing) or inspect.isroutine(thing):
        assert inspect.getdoc(thing)


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_package_imports_from_its_own_modules_is_public(package):
    own = [name for name, thing in vars(package).items()
           if not name.startswith("_") and getattr(thing, "__module__", "").startswith(package.__name__)]
    assert set(own) <= set(package.__all__)


@pytest.mark.parametrize("module", [name for package in PACKAGES for name in modules(package)])
def test_a_module_says_what_it_holds(module):
    assert inspect.getdoc(importlib.import_module(module))


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_a_public_function_is_typed_throughout(package, name):
    thing = getattr(package, name)
    if inspect.isfunction(thing):
        assert thing.__annotations__.keys() == {*inspect.signature(thing).parameters, "return"}


def test_the_public_names_and_signatures_are_those_listed():
    listed = Path(public_api.__file__).with_suffix(".txt")
    # If a change is meant: python tests/public_api.py > tests/public_api.txt
    assert public_api.listing() == listed.read_text("utf-8")
