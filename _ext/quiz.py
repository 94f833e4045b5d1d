"""*Check yourself*: a question with options, answered in the page without a kernel.

It is written with plain admonitions, so that JupyterLab shows it too, with the answers closed:

    ::::{admonition} Check yourself
    :class: quiz

    Which of these changes with the time step?

    1. The weights.
    2. The state.

    :::{admonition} Answers
    :class: dropdown

    1. No. One matrix serves every step.
    2. **Right.** It is computed anew at each step.
    :::
    ::::

The last numbered list holds the options; the list in *Answers* explains each, in the same order; a right
one begins with `**Right.**`. One right option makes radio buttons, several make checkboxes. `book.js` does
the checking, and keeps the answers in the browser.
"""

from docutils import nodes
from sphinx.util import logging

logger = logging.getLogger(__name__)


class quiz(nodes.Element):  # noqa: N801  a docutils node is named after its element
    """The whole question; attributes `number` and `kind`, the type of its inputs."""


class quiz_question(nodes.Element):  # noqa: N801
    """Title and text of the question."""


class quiz_option(nodes.Element):  # noqa: N801
    """One option: a `quiz_label`, then the blocks of its explanation."""


class quiz_label(nodes.TextElement):  # noqa: N801
    """The text of an option, beside its button."""


def parse(admonition):
    """Split an admonition of class quiz.

    Returns title, question blocks, and a list of (label nodes, explanation blocks, right) per option.
    Raises `ValueError` that says what is wrong with the way it is written.
    """
    title, *blocks = admonition.children
    if not (len(blocks) >= 3 and isinstance(blocks[-1], nodes.admonition)):
        raise ValueError("a quiz ends with an admonition that explains the answers")
    *question, options, answers = blocks
    reasons = answers.children[-1]
    if not all(isinstance(part, nodes.enumerated_list) for part in (options, reasons)):
        raise ValueError("a quiz needs a numbered list of options, and one of explanations")
    if len(options) != len(reasons):
        raise ValueError(f"a quiz has {len(options)} options but {len(reasons)} explanations")
    parsed = []
    for option, reason in zip(options.children, reasons.children, strict=True):
        if len(option) != 1 or not isinstance(option[0], nodes.paragraph):
            raise ValueError("an option of a quiz is one paragraph")
        # MyST puts an empty text before text in bold.
        first = next(child for child in reason[0].children if child.astext())
        right = isinstance(first, nodes.strong) and first.astext() == "Right."
        parsed.append((option[0].children, reason.children, right))
    if not any(right for _, _, right in parsed):
        raise ValueError("no explanation of this quiz begins with **Right.**")
    return title, question, parsed


def make_quizzes(app, doctree):
    """Replace every admonition of class quiz by a `quiz` node."""
    admonitions = [a for a in doctree.findall(nodes.admonition) if "quiz" in a["classes"]]
    for number, admonition in enumerate(admonitions, start=1):
        try:
            title, question, options = parse(admonition)
        except ValueError as error:
            logger.warning("%s", error, location=admonition)
            continue
        kind = "radio" if sum(right for _, _, right in options) == 1 else "checkbox"
        node = quiz(number=number, kind=kind)
        node += quiz_question("", nodes.paragraph("", "", *title.children, classes=["quiz-title"]))
        node[0] += question
        for letter, (label, reason, right) in zip("abcdefgh", options, strict=False):
            node += quiz_option(
                "",
                quiz_label("", "", *label),
                *reason,
                number=number,
                letter=letter,
                kind=kind,
                right=right,
            )
        admonition.replace_self(node)


def visit_quiz(self, node):
    number = node["number"]
    self.body.append(
        f'<form class="quiz" id="quiz-{number}"><fieldset aria-labelledby="quiz-{number}-question">'
    )


def depart_quiz(self, node):
    self.body.append(
        '<button type="submit">Check</button> <button type="reset">Clear</button> '
        '<span class="quiz-result" role="status"></span>'
        "</fieldset></form>\n"
    )


def visit_question(self, node):
    self.body.append(f'<div class="quiz-question" id="quiz-{node.parent["number"]}-question">')


def depart_div(self, node):
    self.body.append("</div>\n")


def visit_option(self, node):
    name = f"quiz-{node['number']}"
    self.body.append(
        f'<div class="quiz-option" data-right="{str(node["right"]).lower()}">'
        f'<input type="{node["kind"]}" name="{name}" id="{name}-{node["letter"]}">'
    )


def depart_option(self, node):
    self.body.append("</div></div>\n")


def visit_label(self, node):
    option = node.parent
    self.body.append(f'<label for="quiz-{option["number"]}-{option["letter"]}">')


def depart_label(self, node):
    self.body.append('</label><div class="quiz-reason">')


def setup(app):
    app.add_node(quiz, html=(visit_quiz, depart_quiz))
    app.add_node(quiz_question, html=(visit_question, depart_div))
    app.add_node(quiz_option, html=(visit_option, depart_option))
    app.add_node(quiz_label, html=(visit_label, depart_label))
    app.connect("doctree-read", make_quizzes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
