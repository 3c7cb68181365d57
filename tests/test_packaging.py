"""What is built is what is on disk, and every way to reach the package reaches the same one.

The sdist is built from a copy of the checkout and the wheel from that sdist, without a network, once.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import hybrid_opt

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SETTINGS["project"]
PACKAGE_FOLDERS = ("hybrid_opt", "circuits", "classical")
OTHER_FOLDERS = ("tests", "examples", "docs", ".ci")
NOT_SHIPPED = ("__pycache__", "*.py[cod]", "_build", ".DS_Store")


def installed_name(file: Path) -> str:
    """Where a file of the checkout lies once installed."""
    parts = file.relative_to(ROOT).parts
    return "/".join(parts if parts[0] == "hybrid_opt" else ("hybrid_opt", *parts))


def package_files() -> list[Path]:
    """Every file under the three package folders, caches left out."""
    files = (path for folder in PACKAGE_FOLDERS for path in (ROOT / folder).rglob("*"))
    return [path for path in files if path.is_file() and "__pycache__" not in path.parts]


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A wheel and an sdist."""
    copy = tmp_path_factory.mktemp("source")
    for folder in (*PACKAGE_FOLDERS, *OTHER_FOLDERS):
        if (ROOT / folder).is_dir():
            shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns(*NOT_SHIPPED))
    for file in ROOT.iterdir():
        if file.is_file():
            shutil.copy2(file, copy)
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=out)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def installed(distributions: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the contents of the wheel, as in site-packages."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(distributions[0]) as wheel:
        wheel.extractall(folder)
    return folder


def run_python(*arguments: str, path: list[Path], cwd: Path) -> str:
    """Standard output of a fresh interpreter that sees `path` first."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_package_list_equals_the_folders_on_disk():
    sources = [file for file in package_files() if file.suffix == ".py"]
    on_disk = {Path(installed_name(file)).parent.as_posix() for file in sources}
    assert set(SETTINGS["tool"]["setuptools"]["packages"]) == {name.replace("/", ".") for name in on_disk}
    assert [file for file in sources if not (file.parent / "__init__.py").exists()] == []


def test_circuits_and_classical_are_flat():
    sources = [file for file in package_files() if file.suffix == ".py"]
    depths = {file.relative_to(ROOT).parts[0]: set() for file in sources}
    for file in sources:
        depths[file.relative_to(ROOT).parts[0]].add(len(file.relative_to(ROOT).parts))
    assert depths["circuits"] == depths["classical"] == {2}


def test_version_is_said_once():
    assert PROJECT["version"] == hybrid_opt.__version__


def test_extra_all_holds_every_extra_a_user_can_have_together():
    (everything,) = map(Requirement, PROJECT["optional-dependencies"]["all"])
    assert everything.extras == set(PROJECT["optional-dependencies"]) - {"all", "dev", "anchors", "aer-gpu"}


def test_constraints_pin_every_requirement_inside_its_range():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    versions = {canonicalize_name(name): version for name, version in pins.items()}
    extras = PROJECT["optional-dependencies"]
    texts = [text for name in extras.keys() - {"all", "aer-gpu"} for text in extras[name]]
    for requirement in map(Requirement, [*PROJECT["dependencies"], *texts]):
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), requirement
    assert [line for line in lines if "+" in line and not line.startswith("#")] == []


def test_wheel_holds_every_file_of_the_package_and_nothing_else(installed: Path):
    shipped = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
    ours = {name for name in shipped if ".dist-info/" not in name}
    assert ours == {installed_name(file) for file in package_files()}
    assert "hybrid_opt/py.typed" in ours
    assert "hybrid_opt/circuits/__init__.py" in ours


def test_wheel_announces_the_command_and_the_device(installed: Path):
    entries = next(installed.glob("*.dist-info/entry_points.txt")).read_text(encoding="utf-8")
    assert "hybrid-opt = hybrid_opt.cli:main" in entries
    assert "hybrid.aer = hybrid_opt.circuits:AerDevice" in entries
    assert next(installed.glob("*.dist-info")).joinpath("licenses", "LICENSE").is_file()


def test_sdist_can_be_tested_and_built_on(distributions: tuple[Path, Path]):
    with tarfile.open(distributions[1]) as archive:
        shipped = {name.partition("/")[2] for name in archive.getnames()}
    files = [file for folder in (*PACKAGE_FOLDERS, *OTHER_FOLDERS) for file in (ROOT / folder).rglob("*")]
    wanted = {
        file.relative_to(ROOT).as_posix()
        for file in files
        if file.is_file() and not {"__pycache__", "_build"} & set(file.parts) and file.name != ".DS_Store"
    }
    tops = {"Makefile", "constraints.txt", "LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"}
    assert (wanted | tops | {"pyproject.toml", "MANIFEST.in"}) - shipped == set()


IMPORT_EVERYTHING = """
import importlib, sys
names = []
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
        names.append(name)
    except ModuleNotFoundError as problem:
        if problem.name != "triton":  # comes with CUDA builds of torch only
            raise
print(*sorted({sys.modules[name].__file__ for name in names}), sep="\\n")
"""


@pytest.mark.parametrize("form", ["checkout", "wheel"])
def test_files_of_the_user_named_circuits_and_classical_do_no_harm(
    form: str, installed: Path, tmp_path: Path
):
    for name in ("circuits", "classical"):
        (tmp_path / f"{name}.py").write_text(f"raise RuntimeError('{name}.py of the user was imported')\n")
    (tmp_path / "script.py").write_text(IMPORT_EVERYTHING)
    sources = [Path(installed_name(file)) for file in package_files() if file.suffix == ".py"]
    parts = [file.with_suffix("").parts for file in sources if file.stem != "__main__"]
    names = [".".join(part[:-1] if part[-1] == "__init__" else part) for part in parts]
    home = ROOT if form == "checkout" else installed
    output = run_python("script.py", *names, path=[home], cwd=tmp_path)
    assert {Path(line).is_relative_to(home) for line in output.splitlines()} == {True}


def test_a_checkout_works_from_its_root_without_any_install():
    # -S leaves out the .pth files through which an editable install would answer.
    libraries = [Path(entry) for entry in sys.path if entry.endswith("-packages")]
    code = "from hybrid_opt import circuits, classical; print(circuits.__file__, classical.__file__)"
    output = run_python("-S", "-c", code, path=libraries, cwd=ROOT)
    assert output.split() == [str(ROOT / folder / "__init__.py") for folder in ("circuits", "classical")]
