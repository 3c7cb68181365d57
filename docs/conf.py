"""Sphinx settings; `make docs` builds with every warning as an error."""

from __future__ import annotations

import sys
from pathlib import Path

# The checkout itself, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import hybrid_opt

project = "hybrid-opt"
author = "the hybrid-opt contributors"
release = version = hybrid_opt.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
exclude_patterns = ["_build", "studies"]

html_theme = "furo"
html_title = f"hybrid-opt {version}"
html_show_copyright = False

myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3

# Docstrings are in the Google style; an attribute is described once, with its class.
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
# A method without words of its own shows none, not those that another project wrote for its base class.
autodoc_inherit_docstrings = False


def keep_bars(app, what, name, obj, options, lines):
    """Show the bars of |x| as they are; reST would take what stands between them for a substitution."""
    for number, line in enumerate(lines):
        parts = line.split("``")
        parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
        lines[number] = "``".join(parts)


def setup(app):
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", keep_bars, priority=900)
