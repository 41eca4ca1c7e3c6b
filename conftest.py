"""Every snippet of the README and the documentation runs, page by page, from top to bottom."""

import contextlib
from collections.abc import Iterator

import pytest
from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser

collect_ignore_glob = ["docs/*.py"]  # Sphinx's own

pytest_collect_file = Sybil(
    name="snippet",
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "docs/**/*.md"],
    excludes=["docs/_build/**"],
    fixtures=["page_directory"],
).pytest()


@pytest.fixture(scope="module")
def page_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The snippets of a page may write files: each page works in a directory of its own."""
    with contextlib.chdir(tmp_path_factory.mktemp("page")):
        yield
