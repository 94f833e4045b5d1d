// What a page does without a kernel: quizzes, marks on exercises, boxes that scroll, formulas that fit in print.
// Everything is kept in this browser only, and the page can be read without this script.

// --- Quizzes ------------------------------------------------------------------------------------------
for (const quiz of document.querySelectorAll("form.quiz")) {
  const options = [...quiz.querySelectorAll(".quiz-option")];
  const result = quiz.querySelector(".quiz-result");
  const chosen = option => option.querySelector("input").checked;
  const right = option => option.dataset.right === "true";

  quiz.addEventListener("change", () => {
    result.textContent = "";
    options.forEach(option => option.classList.remove("shown"));
  });
  quiz.addEventListener("submit", event => {
    event.preventDefault();
    if (!options.some(chosen)) {
      result.className = "quiz-result";
      result.textContent = "Choose an answer first.";
      return;
    }
    const solved = options.every(option => chosen(option) === right(option));
    const missing = options.every(option => right(option) || !chosen(option));
    options.forEach(option => option.classList.toggle("shown", chosen(option)));
    result.className = `quiz-result ${solved ? "right" : "wrong"}`;
    result.textContent = solved ? "✓ Right." : missing ? "✗ Right so far, but not all." : "✗ Not yet. Read why, and try again.";
  });
}

// --- A mark on each exercise, kept in the browser ------------------------------------------------------------
// The store maps a page's path in the book to the ids of its exercises that are done, and to their number.
const STORE = "rnn-basics-exercises";
const load = () => {
  try {
    return JSON.parse(localStorage.getItem(STORE)) ?? {};
  } catch {
    return {};
  }
};
const page = DOCUMENTATION_OPTIONS.pagename;
const exercises = [...document.querySelectorAll(".exercise[id]")];

const showProgress = () => {
  const store = load();
  const root = new URL(document.documentElement.dataset.content_root, location);
  for (const link of document.querySelectorAll("nav.bd-docs-nav a.reference.internal")) {
    const path = new URL(link.getAttribute("href"), location).pathname.replace(root.pathname, "").replace(/\.html$/, "");
    link.querySelector(".progress-mark")?.remove();
    if (!store[path]?.done.length) continue;
    const mark = document.createElement("span");
    mark.className = "progress-mark";
    mark.textContent = `${store[path].done.length}/${store[path].total}`;
    mark.title = `${store[path].done.length} of ${store[path].total} exercises done`;
    link.append(mark);
  }
  const count = document.querySelector(".exercise-count");
  if (count) count.textContent = `${store[page]?.done.length ?? 0} of ${exercises.length} exercises marked as done`;
};

// A checkbox for one exercise; `id` and `total` are those of its page, `path`.
const doneBox = (path, id, total, name) => {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = load()[path]?.done.includes(id) ?? false;
  box.setAttribute("aria-label", `Done: ${name.trim().replace(/\s+/g, " ")}`);
  box.addEventListener("change", () => {
    const store = load();
    const others = (store[path]?.done ?? []).filter(other => other !== id);
    localStorage.setItem(STORE, JSON.stringify({ ...store, [path]: { done: box.checked ? [...others, id] : others, total } }));
    showProgress();
  });
  return box;
};

if (exercises.length) {
  const count = document.createElement("p");
  count.className = "exercise-count";
  count.setAttribute("role", "status");
  exercises[0].before(count);
  for (const exercise of exercises) {
    const title = exercise.querySelector(".admonition-title");
    const label = document.createElement("label");
    label.className = "done";
    label.append(doneBox(page, exercise.id, exercises.length, title.textContent), "done");
    title.append(label);
  }
}

// The list of all exercises has the same marks in a column of its own.
for (const table of document.querySelectorAll("table.exercises")) {
  const [head, ...rows] = table.rows;
  head.append(Object.assign(document.createElement("th"), { className: "head", textContent: "done" }));
  for (const row of rows) {
    const [path, id] = row.querySelector("a").getAttribute("href").split(".html#");
    row.insertCell().append(doneBox(path, id, rows.length, row.cells[0].textContent));
  }
}
showProgress();

// --- A box that scrolls can be reached with the keyboard ---------------------------------------------------------
const BOXES = {
  "div.math > .katex-display, span.math": "Formula",
  ".pst-scrollable-table-container": "Table",
  ".bd-article pre": "Code",
};
const markScrolling = () => {
  for (const [selector, name] of Object.entries(BOXES)) {
    for (const box of document.querySelectorAll(selector)) {
      const scrolls = box.scrollWidth > box.clientWidth + 1;
      const marks = { tabindex: 0, role: "group", "aria-label": name };
      for (const mark in marks) scrolls ? box.setAttribute(mark, marks[mark]) : box.removeAttribute(mark);
    }
  }
};
window.addEventListener("resize", markScrolling);
document.addEventListener("toggle", markScrolling, true);
window.addEventListener("load", markScrolling);

// --- In print, fine print is open, and a formula wider than the paper is set smaller ----------------------------------
const closedNotes = () => document.querySelectorAll("details.admonition:not(.solution, [open])");
const PAPER = 670; // pixels between the margins of A4
const displayed = () => document.querySelectorAll(".katex-display");
window.addEventListener("beforeprint", () => {
  for (const note of closedNotes()) note.open = note.dataset.forPrint = true;
  for (const formula of displayed()) {
    const parts = [...formula.querySelectorAll(".katex-base")].map(part => part.getBoundingClientRect());
    const width = Math.max(...parts.map(part => part.right)) - Math.min(...parts.map(part => part.left));
    const box = formula.closest(".admonition, form, li") ? 40 : 0;
    const room = PAPER - box - (formula.parentElement.querySelector(".eqno")?.offsetWidth ?? 0);
    if (width > room) formula.style.fontSize = `${Math.floor((100 * room) / width)}%`;
  }
});
window.addEventListener("afterprint", () => {
  for (const note of document.querySelectorAll("[data-for-print]")) {
    note.open = false;
    delete note.dataset.forPrint;
  }
  for (const formula of displayed()) formula.style.fontSize = "";
});

// --- A formula that is copied becomes TeX ----------------------------------------------------------------------------
document.addEventListener("copy", event => {
  const selection = getSelection();
  if (selection.isCollapsed || !event.clipboardData) return;
  const range = selection.getRangeAt(0);
  const whole = node => (node.parentElement ?? node).closest(".katex"); // a part of a formula stands for all of it
  const [first, last] = [whole(range.startContainer), whole(range.endContainer)];
  if (first) range.setStartBefore(first);
  if (last) range.setEndAfter(last);
  const part = range.cloneContents();
  if (!part.querySelector(".katex")) return;
  for (const formula of part.querySelectorAll(".katex")) {
    const mark = formula.closest(".katex-display") ? "$$" : "$";
    formula.replaceWith(`${mark}${formula.querySelector("annotation").textContent.trim()}${mark}`);
  }
  event.clipboardData.setData("text/plain", part.textContent);
  event.preventDefault();
});

// --- An excerpt of the search holds a formula once, without the MathML beside it ----------------------------------------
if (typeof Search === "object") {
  const { htmlToText } = Search;
  Search.htmlToText = (html, anchor) => htmlToText(html.replace(/<math [^]*?<\/math>/g, ""), anchor);
}
