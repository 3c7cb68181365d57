"""Imports go one way: the import statements are read, nothing is imported, so no form of install matters."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("hybrid_opt", "circuits", "classical")

BASE = {"errors", "seeds", "progress", "_optional"}
HALVES = {"circuits", "classical"}
SOLVERS = BASE | HALVES | {"qubo", "graphs", "reports"}
BUILDERS = SOLVERS | {"solvers"}
TASKS = BUILDERS | {"planning"}
LEARNERS = BUILDERS | {"layers"}
SYSTEM = TASKS | LEARNERS | {"marketing", "business", "estimators", "tuning", "distributed"}

# room -> what it may import besides itself; a room that is not named here fails the first test
MAY_IMPORT: dict[str, set[str]] = {
    "circuits": set(),
    "classical": set(),
    **dict.fromkeys(BASE, BASE),
    "graphs": {"errors"},
    "reports": {"errors"},
    "qubo": BASE | HALVES,
    "solvers": SOLVERS,
    "layers": BUILDERS,
    "planning": BUILDERS,
    "estimators": LEARNERS,
    "tuning": LEARNERS,
    "distributed": LEARNERS | {"tuning"},
    "marketing": TASKS,
    "business": TASKS,
    "testing": BUILDERS,
    "system": SYSTEM,
    "cli": SYSTEM
    | {"system", "testing", "door", "cli_transformer", "cli_tuning", "cli_demo", "cli_output"}
    | {"cli_plan", "cli_selection", "cli_choice", "cli_posting", "cli_system"},
    "cli_budget": SYSTEM | {"system", "testing", "door"},
    "cli_plan": SYSTEM | {"system", "testing", "door", "cli_output", "cli_budget"},
    "cli_selection": SYSTEM | {"system", "testing", "door", "cli_output", "cli_plan"},
    "cli_choice": SYSTEM | {"system", "testing", "door", "cli_output", "cli_plan"},
    "cli_posting": SYSTEM | {"system", "testing", "door", "cli_output", "cli_plan"},
    "cli_transformer": SYSTEM | {"system", "testing", "door", "cli_output"},
    "cli_tuning": SYSTEM | {"system", "testing", "door", "cli_output", "cli_tune_attention"},
    "cli_tune_attention": SYSTEM | {"system", "testing", "door", "cli_output"},
    "cli_system": SYSTEM | {"system", "testing", "door", "cli_output"},
    "cli_demo": SYSTEM | {"system", "testing", "door", "cli_output"},
    "cli_output": {"errors", "reports"},
    "__main__": {"cli"},
    "door": SYSTEM | {"system", "testing"},
}


def name_of(file: Path, root: Path) -> str:
    """The import name of a file: circuits/x.py is hybrid_opt.circuits.x."""
    parts = file.relative_to(root).with_suffix("").parts
    if parts[0] != "hybrid_opt":
        parts = ("hybrid_opt", *parts)
    return ".".join(parts)


def room_of(module: str) -> str:
    """The room of a full module name; the package itself is the door."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] != "__init__" else "door"


def imported(tree: ast.Module, module: str) -> Iterator[tuple[int, str, bool]]:
    """Line, full name and whether it was said relatively, of all that a module imports, wherever it does."""
    package = module.split(".")[:-1]  # of hybrid_opt.qubo.__init__ as of hybrid_opt.qubo.x: hybrid_opt.qubo
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, False
        elif isinstance(node, ast.ImportFrom):
            source = absolute(package, node.level, node.module or "")
            for alias in node.names:
                yield node.lineno, f"{source}.{alias.name}", node.level > 0
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            target = node.args[0].value
            if called in ("import_module", "__import__") and isinstance(target, str):
                level = len(target) - len(target.lstrip("."))
                yield node.lineno, absolute(package, level, target.lstrip(".")), level > 0


def absolute(package: list[str], level: int, name: str) -> str:
    """What a name with `level` leading dots means inside a package."""
    base = package[: len(package) - level + 1] if level else []
    return ".".join([*base, *([name] if name else [])])


def wrong_imports(root: Path) -> list[str]:
    """Every import that points the wrong way, as 'file:line: why'."""
    found = []
    for file in sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.py")):
        module = name_of(file, root)
        room = room_of(module)
        for line, name, relative in imported(ast.parse(file.read_text(encoding="utf-8")), module):
            where = f"{file.relative_to(root).as_posix()}:{line}"
            top = name.split(".")[0]
            if top in HALVES:
                found.append(f"{where}: imports {name}; say hybrid_opt.{top}, or inside {top}/ a dot")
            elif top == "hybrid_opt":
                target = target_room(name, root)
                if room in HALVES and not relative:
                    found.append(f"{where}: imports {name}; {room}/ imports its own folder relatively")
                elif name == "hybrid_opt.__version__" and room not in HALVES:
                    continue  # a fact about the package, not a part of it
                elif target != room and target not in MAY_IMPORT.get(room, set()):
                    found.append(f"{where}: {room} may not import {target} ({name})")
    return found


def target_room(name: str, root: Path) -> str:
    """The room that a full name lies in; a name that the package itself defines belongs to the door."""
    parts = name.split(".")
    if len(parts) == 1:
        return "door"
    known = parts[1] in MAY_IMPORT or any(
        path.exists() for path in (root / "hybrid_opt" / parts[1], root / "hybrid_opt" / f"{parts[1]}.py")
    )
    return parts[1] if known else "door"


def test_every_room_has_its_arrows():
    rooms = {room_of(name_of(file, ROOT)) for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")}
    assert rooms - set(MAY_IMPORT) == set()


def test_imports_go_one_way():
    assert wrong_imports(ROOT) == []


PLANTED = {
    "circuits/planted.py": [
        "from hybrid_opt.errors import OptionError",
        "from ..errors import OptionError",
        "from ..classical import anything",
        "import classical",
        "from circuits import qaoa",
        "from hybrid_opt.circuits import qaoa",
        "from .. import __version__",
    ],
    "classical/planted.py": ["def f():\n    from ..circuits import anything"],
    "hybrid_opt/reports/planted.py": ["from ..qubo import Qubo", "from .. import seeds"],
    "hybrid_opt/graphs.py": ["from .qubo import LevelModel"],
    "hybrid_opt/seeds.py": ["from .qubo import LevelModel"],
    "hybrid_opt/qubo/planted.py": [
        "from ..solvers import solve",
        "from .. import solve",
        "import hybrid_opt",
        "import hybrid_opt.solvers.base",
        'import importlib\nimportlib.import_module("..solvers", __package__)',
        'from importlib import import_module\nimport_module("hybrid_opt.solvers")',
    ],
    "hybrid_opt/solvers/planted.py": ["from ..planning import anything", "from ..testing import anything"],
    "hybrid_opt/planning/planted.py": ["from ..marketing import BudgetPlanner", "from ..cli import main"],
}


@pytest.mark.parametrize(
    ("file", "line"), [(file, line) for file, lines in PLANTED.items() for line in lines]
)
def test_a_planted_import_is_caught(tmp_path: Path, file: str, line: str):
    target = tmp_path / file
    target.parent.mkdir(parents=True)
    target.write_text(line + "\n", encoding="utf-8")
    assert [text for text in wrong_imports(tmp_path) if text.startswith(f"{file}:")] != []


def test_an_allowed_import_is_not_reported(tmp_path: Path):
    (tmp_path / "hybrid_opt" / "solvers").mkdir(parents=True)
    (tmp_path / "hybrid_opt" / "solvers" / "planted.py").write_text(
        "import numpy\nfrom .. import __version__\nfrom ..qubo import Qubo\n"
        "from ..circuits import AerDevice\nfrom .base import Request\nfrom ..errors import OptionError\n",
        encoding="utf-8",
    )
    assert wrong_imports(tmp_path) == []
