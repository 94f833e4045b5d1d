"""Set the formulas while the book is built: no page needs a script to show one.

KaTeX writes each as HTML, with MathML beside it for screen readers. It is JavaScript, which QuickJS runs inside
Python. The pages get its style and its fonts. The fonts of nearly every formula are inside the style: a font that
came later would break the lines anew, under the reader's eyes.
"""

import base64
import re
import shutil
from functools import cache
from pathlib import Path

import quickjs
from docutils import nodes
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

KATEX = Path(__file__).parent / "katex"  # all of one version
STYLE = "katex.min.css"
EMBEDDED = ["KaTeX_Main-Regular.woff2", "KaTeX_Math-Italic.woff2"]
# `slice` makes one string of many, which is what comes over to Python.
SET = """(tex, display) => katex.renderToString(
    tex, {displayMode: display, strict: "error", throwOnError: true}).slice(0)"""
START, END = "<!--formula-->", "<!--end-->"  # around a formula in which no line can break
logger = logging.getLogger(__name__)


@cache
def katex():
    """Return KaTeX as a function of a formula, and of whether it stands on a line of its own."""
    context = quickjs.Context()
    context.eval((KATEX / "katex.min.js").read_text(encoding="utf-8") + ";0")
    return context.eval(f"({SET})")


@cache
def formula(tex, display):
    """Return the HTML of a formula; raise ValueError where KaTeX cannot set it."""
    try:
        return katex()(tex, display)
    except quickjs.JSException as error:
        raise ValueError(str(error).partition("\n")[0]) from None


def formula_of(node, display):
    try:
        return formula(node.astext(), display)
    except ValueError as error:
        logger.warning("the formula %r cannot be set: %s", node.astext(), error, location=node)
        return ""


def visit_inline(translator, node):
    html = formula_of(node, False)
    start, end = (START, END) if html.count('class="katex-base"') == 1 else ("", "")
    tag = translator.starttag(node, "span", "", CLASS="math notranslate nohighlight")
    translator.body.append(f"{start}{tag}{html}</span>{end}")
    raise nodes.SkipNode


def visit_display(translator, node):
    translator.body.append(translator.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, _("Link to this equation"))
        translator.body.append("</span>")
    translator.body.append(formula_of(node, True) + "</div>\n")
    raise nodes.SkipNode


def keep_together(body):
    """Let no line break between a short formula and the punctuation beside it."""

    def joined(match):
        before, html, after = match.groups()
        return f'<span class="keep">{before}{html}{after}</span>' if before or after else html

    return re.sub(rf"([(\[“]*){START}(.*?){END}([.,;:!?)\]”]*)", joined, body, flags=re.DOTALL)


def finish_page(app, pagename, templatename, context, doctree):
    """Join formulas and punctuation; load the style of formulas where there are any."""
    if 'class="katex"' in context.get("body", ""):
        context["body"] = keep_together(context["body"])
        app.add_css_file(f"katex/{STYLE}", priority=300)


def ship_style(app):
    """Write the style of formulas and the fonts that are not inside it."""
    target = Path(app.outdir, "_static", "katex")
    shutil.rmtree(target, ignore_errors=True)  # of another version, perhaps
    shutil.copytree(KATEX, target, ignore=shutil.ignore_patterns("*.js", *EMBEDDED))
    style = (KATEX / STYLE).read_text(encoding="utf-8")
    for font in EMBEDDED:
        data = base64.b64encode((KATEX / "fonts" / font).read_bytes()).decode()
        style = style.replace(f"url(fonts/{font})", f"url(data:font/woff2;base64,{data})")
    (target / STYLE).write_text(style, encoding="utf-8")


def setup(app):
    app.add_html_math_renderer(
        "katex", inline_renderers=(visit_inline, None), block_renderers=(visit_display, None)
    )
    app.connect("builder-inited", ship_style)
    app.connect("html-page-context", finish_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
