"""Writes the reference pages, one for each package, from what the modules export: a new module needs no new page."""

import importlib
import inspect
import pkgutil
from itertools import groupby
from pathlib import Path
from types import ModuleType

import crmkit


def write_reference_pages(directory: Path) -> None:
    directory.mkdir(exist_ok=True)
    public = sorted((module for module in _modules() if getattr(module, "__all__", None)), key=_page_of)
    pages = {f"{name}.md": _page(name, list(modules)) for name, modules in groupby(public, key=_page_of)}
    for left_over in {page.name for page in directory.iterdir()} - set(pages):
        (directory / left_over).unlink()
    for name, text in pages.items():
        _write_if_changed(directory / name, text)


def _modules() -> list[ModuleType]:
    names = sorted(module.name for module in pkgutil.walk_packages(crmkit.__path__, "crmkit."))
    return [crmkit, *(importlib.import_module(name) for name in names)]


def _page_of(module: ModuleType) -> str:
    """An engine or a context with all its parts, and what stands beside them in the room, share a page."""
    package = module.__name__ if hasattr(module, "__path__") else module.__name__.rpartition(".")[0]
    return ".".join(package.split(".")[:3])


def _page(name: str, modules: list[ModuleType]) -> str:
    return "\n".join([f"# {name}", "", *map(_section, modules)])


def _section(module: ModuleType) -> str:
    """The names a module defines; what it passes on from elsewhere is described where it is defined."""
    own = [name for name in module.__all__ if _is_at_home(getattr(module, name), module)]
    members = f"   :members: {', '.join(own)}\n" if own else ""
    return f"## {module.__name__}\n\n```{{eval-rst}}\n.. automodule:: {module.__name__}\n{members}```\n"


def _is_at_home(thing: object, module: ModuleType) -> bool:
    return not (inspect.isclass(thing) or inspect.isfunction(thing)) or thing.__module__ == module.__name__


def _write_if_changed(page: Path, text: str) -> None:
    """An untouched page is not rendered again."""
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")
