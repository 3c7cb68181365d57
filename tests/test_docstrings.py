"""Every public name is documented, every example in a docstring runs, every error raised on purpose is named.

The examples are found by import name: run by file, those under circuits/ and classical/ would be imported a
second time under another name, and every class would exist twice.
"""

from __future__ import annotations

import ast
import doctest
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import hybrid_opt.errors

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("hybrid_opt", "circuits", "classical")
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def modules() -> dict[str, Path]:
    """Import name -> file of every module of the package."""
    found = {}
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            parts = parts if folder == "hybrid_opt" else ("hybrid_opt", *parts)
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    found.pop("hybrid_opt.__main__", None)  # runs the command when imported
    return found


MODULES = modules()
EACH_MODULE = pytest.mark.parametrize("name", MODULES)


def import_or_skip(name: str) -> ModuleType:
    """The module, unless it needs a package of another project that is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as problem:
        if (problem.name or "hybrid_opt").split(".")[0] == "hybrid_opt":
            raise
        pytest.skip(f"{name} needs {problem.name}, which is not installed")


class Runner(doctest.DocTestRunner):
    """Runs examples; one that ends in MissingDependencyError skips the test, with the extra's name."""

    def report_unexpected_exception(self, out, test, example, exc_info):
        """Skip for a missing extra, report anything else as doctest does."""
        if isinstance(exc_info[1], hybrid_opt.errors.MissingDependencyError):
            pytest.skip(f"{test.name}: {exc_info[1]}")
        super().report_unexpected_exception(out, test, example, exc_info)


@EACH_MODULE
def test_examples_in_docstrings_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    module = import_or_skip(name)
    monkeypatch.chdir(tmp_path)
    runner = Runner(optionflags=doctest.ELLIPSIS)
    report: list[str] = []
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, module.__name__):
        runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


def public_definitions(tree: ast.Module) -> Iterator[tuple[str, Definition]]:
    """Functions and classes in ``__all__`` (without one: with no leading underscore), and their methods."""
    listed = next((names(node.value) for node in tree.body if assigns_all(node)), None)
    for node in tree.body:
        if not isinstance(node, Definition) or not is_public(node.name, listed):
            continue
        yield node.name, node
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and is_public(method.name, None) and is_own(method):
                    yield f"{node.name}.{method.name}", method


def assigns_all(node: ast.stmt) -> bool:
    """Whether a statement is ``__all__ = [...]``."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)


def names(value: ast.expr) -> set[str]:
    """The strings in a list."""
    return set(ast.literal_eval(value))


def is_public(name: str, listed: set[str] | None) -> bool:
    """Whether a name is in the list, or without a list starts with no underscore."""
    return name in listed if listed is not None else not name.startswith("_")


def is_own(method: ast.FunctionDef) -> bool:
    """Whether a method needs a docstring of its own: no overload, no setter, no marked override."""
    marks = {getattr(mark, "attr", getattr(mark, "id", "")) for mark in method.decorator_list}
    return not marks & {"overload", "setter", "override"}


def error_names(file: Path) -> set[str]:
    """The exception classes a file of errors defines."""
    tree = ast.parse(file.read_text(encoding="utf-8")) if file.exists() else ast.Module([], [])
    return {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


OUR_ERRORS = set().union(*(error_names(ROOT / folder / "errors.py") for folder in FOLDERS))


def raised_in(node: ast.AST) -> set[str]:
    """Our errors that the statements of a function raise themselves, inner functions left out."""
    found = set()
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Raise) and child.exc is not None:
            raised = child.exc.func if isinstance(child.exc, ast.Call) else child.exc
            found.add(getattr(raised, "attr", getattr(raised, "id", "")))
        if not isinstance(child, Definition | ast.Lambda):
            found |= raised_in(child)
    return found & OUR_ERRORS


def duties(node: Definition) -> set[str]:
    """The errors a docstring owes: its function's, or its class's at construction."""
    if not isinstance(node, ast.ClassDef):
        return raised_in(node)
    built_by = ("__init__", "__post_init__", "__new__")
    makers = [part for part in node.body if isinstance(part, ast.FunctionDef) and part.name in built_by]
    return {error for maker in makers for error in raised_in(maker) - documented(maker)}


def documented(node: Definition) -> set[str]:
    """The errors named in the Raises section of a docstring."""
    section = (ast.get_docstring(node) or "").partition("\nRaises:\n")[2]
    lines = []
    for line in section.splitlines():
        if line and not line.startswith(" "):
            break
        lines.append(line)
    return {error for error in OUR_ERRORS if error in "\n".join(lines)}


@EACH_MODULE
def test_public_names_are_documented(name: str):
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{name} has no docstring"
    bare = [f"{name}.{title}" for title, node in public_definitions(tree) if not ast.get_docstring(node)]
    assert bare == []


@EACH_MODULE
def test_errors_raised_on_purpose_are_documented(name: str):
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    missing = {
        f"{name}.{title}": sorted(duties(node) - documented(node))
        for title, node in public_definitions(tree)
        if duties(node) - documented(node)
    }
    assert missing == {}


def test_the_checks_see_what_they_should():
    tree = ast.parse(
        '"""Doc."""\n'
        '__all__ = ["A", "f"]\n'
        "def f():\n    '''Doc.\n\n    Raises:\n        PlanError: never.\n    '''\n"
        "    raise OptionError('x')\n"
        "class A:\n    def __init__(self):\n        raise PlanError('x')\n    def m(self): pass\n"
        "def hidden(): pass\n"
    )
    found = dict(public_definitions(tree))
    assert set(found) == {"f", "A", "A.m"}
    assert duties(found["f"]) - documented(found["f"]) == {"OptionError"}
    assert documented(found["f"]) == {"PlanError"}
    assert duties(found["A"]) == {"PlanError"}
    assert ast.get_docstring(found["A.m"]) is None
