"""The arrows between rooms point one way, and an arrow that does not is reported."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PLANTED = {
    "domain/planted_clock.py": "import time",
    "domain/planted_up.py": "import crmkit.services",
    "rules/scoring/planted_neighbour.py": "import crmkit.rules.dedup",
    "services/planted_driver.py": "import sqlalchemy",
    "ports/planted_fuzz.py": "import rapidfuzz",
    "adapters/planted_service.py": "import crmkit.services",
    "planted_room/__init__.py": "",
}


def lint_imports(tree: Path, source: Path) -> subprocess.CompletedProcess[str]:
    program = "import sys, importlinter.cli as cli; sys.exit(cli.lint_imports(no_cache=True, no_logo=True))"
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(source), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_contract_holds(root):
    result = lint_imports(root, root / "src")

    assert result.returncode == 0, result.stdout + result.stderr


def test_planted_violations_are_reported(root, tmp_path):
    shutil.copy(root / "pyproject.toml", tmp_path)
    shutil.copytree(root / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in PLANTED.items():
        planted = tmp_path / "src" / "crmkit" / name
        planted.parent.mkdir(exist_ok=True)
        planted.write_text(text)

    result = lint_imports(tmp_path, tmp_path / "src")

    assert result.returncode != 0
    unreported = [name for name in PLANTED if Path(name.removesuffix("/__init__.py")).stem not in result.stdout]
    assert not unreported, result.stdout
