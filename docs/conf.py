"""How the documentation is built: Sphinx, furo and MyST, without the network and without a warning."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.highlighting import lexers

sys.path.insert(0, str(Path(__file__).parent))

from reference_pages import write_reference_pages

project = "crmkit"
copyright = "2026, the crmkit authors"
version = release = installed_version("crmkit")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "crmkit"

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

autodoc_default_options = {"undoc-members": True}  # a record's fields, with their types
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
napoleon_numpy_docstring = False

lexers["mermaid"] = TextLexer()  # code hosts draw it; here it stays text

nitpick_ignore_regex = [
    # types of the standard library and of other projects: their inventories would need the network
    (r"py:.*", r"(?!crmkit).*"),
    (r"py:.*", r"crmkit\..*\.[A-Z](_co)?"),  # type variables are no targets
    (
        r"py:class",
        r"crmkit\.(domain\.ids|testing\.conditions)\.\w*Id",
    ),  # typed ids are data to Sphinx, and classes where they are used
]
suppress_warnings = ["ref.python"]  # `type` in an annotation is the builtin, not one of our fields of that name


def setup(app):
    app.connect("builder-inited", lambda _: write_reference_pages(Path(__file__).parent / "reference" / "api"))
