"""The site."""

project = "metaprior"
author = "the metaprior authors"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
html_theme = "furo"
html_title = "metaprior"
nb_execution_mode = "off"
exclude_patterns = ["_build"]
autodoc_typehints = "description"
