"""``python benchmarks/run.py [NAME|all]``: measures an area, prints its table, writes ``results/NAME.json``.

An area is a package beside this file whose ``LINES`` lists its ``harness.Line``s. The exit status is 1 when a
line misses its goal or cannot be measured.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import attrs

from harness import Bench, Line, Result, measured

HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure crmkit against peers and raw drivers, as ratios in one run.")
    parser.add_argument("name", nargs="?", default="all", help="an area, or all of them")
    parser.add_argument("--only", default="", metavar="TEXT", help="lines whose name contains it; writes no results")
    parser.add_argument("--home", type=Path, default=HERE, help="the directory of the areas and their results")
    options = parser.parse_args()
    areas = areas_in(options.home)
    if options.name not in ("all", *areas):
        parser.error(f"there is no area {options.name!r}; choose from: all, {', '.join(areas)}")
    sys.path.insert(0, str(options.home))
    names = areas if options.name == "all" else [options.name]
    return max([measure(name, options.home, options.only) for name in names], default=0)


def areas_in(home: Path) -> list[str]:
    """The packages in ``home``."""
    return sorted(path.parent.name for path in home.glob("*/__init__.py"))


def measure(name: str, home: Path, only: str) -> int:
    """The area is measured and shown; 0 when every line is well."""
    lines: Iterable[Line] = [line for line in importlib.import_module(name).LINES if only in line.name]
    width = max((len(line.name) for line in lines), default=0)
    print(f"\n{name}\n{row(width, 'line', 'value', 'unit', 'goal', 'ok')}")
    results = []
    with Bench() as bench:
        for line in lines:
            result, error = measured(line, bench)
            results.append(result)
            value = "-" if result.value is None else f"{result.value:g}"
            print(
                row(width, result.name, value, result.unit, result.goal or "-", "yes" if result.ok else "NO"),
                flush=True,
            )
            if error is not None:
                print(f"    could not be measured: {type(error).__name__}: {error}", flush=True)
    if not only:
        write(home / "results" / f"{name}.json", results)
    missed = [result for result in results if not result.ok]
    print(f"{len(results)} lines, {len(missed)} missed" if missed else f"{len(results)} lines, all well")
    return 1 if missed else 0


def row(width: int, name: str, value: str, unit: str, goal: str, ok: str) -> str:
    return f"  {name:<{width}}  {value:>7}  {unit:<18}  {goal:>7}  {ok}"


def write(path: Path, results: Iterable[Result]) -> None:
    path.parent.mkdir(exist_ok=True)
    text = json.dumps([attrs.asdict(result) for result in results], indent=2, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
