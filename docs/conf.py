"""The site: MyST pages, executed notebooks, API pages from docstrings."""

import sys
from pathlib import Path
from typing import Any

from metaprior import __version__

sys.path.insert(0, str(Path(__file__).parent))  # for mathml.py

project = "metaprior"
author = "the metaprior authors"
project_copyright = "2026, the metaprior authors"
release = version = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "mathml"]
html_math_renderer = "mathml"
exclude_patterns = ["_build", "jupyter_execute"]

html_theme = "furo"
html_title = "metaprior"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {
    "source_repository": "https://github.com/metaprior/metaprior",
    "source_branch": "main",
    "source_directory": "docs/",
}
highlight_language = "none"  # plain blocks hold what a terminal shows
pygments_style, pygments_dark_style = "friendly", "github-dark"

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_heading_anchors = 3

nb_execution_mode = "cache"  # a tutorial is executed anew when its cells change
nb_execution_in_temp = True
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True

autodoc_default_options = {"members": True, "imported-members": True, "no-value": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88


def readable(
    app: Any, what: str, name: str, thing: Any, options: Any, signature: str | None, returns: str | None
) -> Any:
    """A default that a factory makes is no Python that Sphinx could read, so it would print the whole line raw."""
    return signature and signature.replace("<factory>", "..."), returns


def setup(app: Any) -> None:
    """Hook into Sphinx."""
    app.connect("autodoc-process-signature", readable)
