"""The files around the code keep their promises."""

import re
import tomllib

PIN = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+")


def normal(requirement: str) -> str:
    """The name of a package as an index knows it."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement).group()).lower()


def test_constraints_are_plain_pins(root):
    odd = [line for line in (root / "constraints.txt").read_text().splitlines() if not PIN.fullmatch(line)]

    assert not odd


def test_everything_we_ask_for_is_pinned(root):
    project = tomllib.loads((root / "pyproject.toml").read_text())
    groups = [*project["project"]["optional-dependencies"].values(), *project["dependency-groups"].values()]
    wanted = {normal(name) for group in [project["project"]["dependencies"], *groups] for name in group} - {"crmkit"}
    pinned = {normal(line) for line in (root / "constraints.txt").read_text().splitlines()}

    assert wanted <= pinned


def test_every_make_target_is_explained(root):
    makefile = (root / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE).group(1).split()

    unexplained = [target for target in phony if not re.search(rf"^{target}:.*## \w", makefile, re.MULTILINE)]

    assert not unexplained


def test_the_carried_pip_is_the_pinned_one(root):
    [wheel] = (root / "tools").glob("pip-*.whl")

    assert f"pip=={wheel.name.split('-')[1]}" in (root / "constraints.txt").read_text().splitlines()


def test_no_snippet_escapes_being_run(root):
    """Sybil runs ```python; a fence of another name would pass by unseen."""
    pages = [root / "README.md", *(root / "docs").rglob("*.md")]
    fences = {
        (page.relative_to(root).as_posix(), language)
        for page in pages
        for language in re.findall(r"^ *```([^`\n]+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    }

    odd = {(page, language) for page, language in fences if re.match(r"(?i)py(?!thon$)|ipython|.*code", language)}
    assert not odd
