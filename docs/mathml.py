"""Equations as MathML, made while the site is built: browsers draw them without a script, a font or a network.

Other alphabets need braces, ``\\mathcal{R}``: only then the letter becomes a character of its own.
"""

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert


def mathml(tex: str, display: str) -> str:
    """The equation as one ``<math>`` element."""
    made = convert(tex, display=display)
    if 'mathvariant="script"' in made or 'mathvariant="double-struck"' in made:
        raise ValueError(f"browsers would draw a plain letter: write \\mathcal{{R}}, one letter in braces, in {tex!r}")
    made = re.sub(r"<mi>(log|exp|det|max|min)</mi>(?!<mo)", r'<mi>\1</mi><mspace width="0.17em" />', made)
    return made.replace(r"\_", "_")


def inline(writer: Any, node: Any) -> None:
    """Put an equation into its line."""
    writer.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def block(writer: Any, node: Any) -> None:
    """Put an equation onto a line of its own."""
    writer.body.append(f'<div class="math">{mathml(node.astext(), "block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Hook into Sphinx."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
