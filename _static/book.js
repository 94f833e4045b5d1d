// What a page does without a kernel: quizzes, marks on exercises, previews of links, boxes that scroll, print.
// Everything is kept in this browser only, and the page can be read without this script.

// --- What is kept of each page: a store maps the page's path in the book to it ---------------------------
const page = DOCUMENTATION_OPTIONS.pagename;
const root = new URL(document.documentElement.dataset.content_root, location);
const load = store => {
  try {
    return JSON.parse(localStorage.getItem(store)) ?? {};
  } catch {
    return {};
  }
};
const keep = (store, value, path = page) => {
  try {
    localStorage.setItem(store, JSON.stringify({ ...load(store), [path]: value }));
  } catch {
    // a browser that keeps nothing
  }
};

// --- Quizzes; the texts of the chosen options are kept, by the name of the quiz ----------------------------
const QUIZZES = "rnn-basics-quizzes";
for (const quiz of document.querySelectorAll("form.quiz")) {
  const options = [...quiz.querySelectorAll(".quiz-option")];
  const result = quiz.querySelector(".quiz-result");
  const chosen = option => option.querySelector("input").checked;
  const right = option => option.dataset.right === "true";
  const text = option => option.querySelector("label").textContent;
  const keepAnswer = answer => keep(QUIZZES, { ...load(QUIZZES)[page], [quiz.id]: answer });
  const hideResult = () => {
    result.textContent = "";
    options.forEach(option => option.classList.remove("shown"));
  };
  const check = () => {
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
  };

  quiz.addEventListener("change", hideResult);
  quiz.addEventListener("submit", event => {
    event.preventDefault();
    check();
    keepAnswer(options.filter(chosen).map(text));
  });
  quiz.addEventListener("reset", () => {
    hideResult();
    keepAnswer([]); // at once: the choice itself goes after this
  });
  const answer = load(QUIZZES)[page]?.[quiz.id] ?? [];
  for (const option of options) option.querySelector("input").checked = answer.includes(text(option));
  if (options.some(chosen)) check();
}

// --- A mark on each exercise: the ids of those that are done are kept, and how many there are ----------------------
const STORE = "rnn-basics-exercises";
const exercises = [...document.querySelectorAll(".exercise[id]")];

const showProgress = () => {
  const store = load(STORE);
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
  box.checked = load(STORE)[path]?.done.includes(id) ?? false;
  box.setAttribute("aria-label", `Done: ${name.trim().replace(/\s+/g, " ")}`);
  box.addEventListener("change", () => {
    const others = (load(STORE)[path]?.done ?? []).filter(other => other !== id);
    keep(STORE, { done: box.checked ? [...others, id] : others, total }, path);
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
  const [, ...rows] = table.rows;
  for (const row of rows) {
    const [path, id] = row.querySelector("a").getAttribute("href").split(".html#");
    row.cells[3].append(doneBox(path, id, rows.length, row.cells[0].textContent));
  }
}
showProgress();

// --- The list of sections marks the one that is read, and scrolls with it ----------------------------------------
const entries = [...document.querySelectorAll(".bd-toc-nav a")];
const sections = entries.map(entry => document.getElementById(decodeURIComponent(entry.hash.slice(1))));
const followReader = () => {
  const line = 100; // pixels from the top, a little more than where a link to a section lets it begin
  const atEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
  const read = atEnd ? sections.length - 1 : sections.findLastIndex(section => section.getBoundingClientRect().top < line);
  entries.forEach((entry, place) => {
    entry.classList.toggle("active", place === read);
    place === read ? entry.setAttribute("aria-current", "true") : entry.removeAttribute("aria-current");
  });
  if (read < 0) return;
  const list = document.querySelector(".bd-sidebar-secondary");
  const [box, entry] = [list, entries[read]].map(element => element.getBoundingClientRect());
  const margin = 60; // pixels, so that the neighbours are seen
  list.scrollTop += Math.min(0, entry.top - box.top - margin) + Math.max(0, entry.bottom - box.bottom + margin);
};
if (entries.length) addEventListener("scroll", () => requestAnimationFrame(followReader), { passive: true });

// --- A preview of what a link leads to: a term or a source (`_ext/previews.py`), an equation or a figure of the page -----
const preview = document.createElement("div");
const prepared = document.querySelector("#previews")?.content;
const previewOf = link => {
  const place = link.pathname.split("/").pop() + link.hash;
  const text = prepared?.querySelector(`[data-of="${CSS.escape(place)}"]`);
  if (text) return text.cloneNode(true);
  const target = link.pathname === location.pathname && document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!target || !target.matches("div.math, figure")) return null;
  const copy = target.cloneNode(true);
  copy.querySelectorAll(".headerlink, .rnn-slider-controls, script, audio").forEach(part => part.remove());
  for (const part of [copy, ...copy.querySelectorAll("[id], [tabindex]")]) {
    part.removeAttribute("id");
    part.removeAttribute("tabindex");
  }
  return copy;
};
let previewed, waiting;
const hidePreview = () => {
  clearTimeout(waiting);
  preview.hidden = true;
  previewed?.removeAttribute("aria-describedby");
};
const showPreview = link => {
  hidePreview();
  const content = previewOf(link);
  if (!content) return;
  previewed = link;
  link.setAttribute("aria-describedby", preview.id);
  preview.replaceChildren(content);
  preview.hidden = false;
  const [line] = link.getClientRects(); // the first, if the link is broken over lines
  const [own, origin] = [preview, preview.offsetParent].map(element => element.getBoundingClientRect());
  const below = line.bottom + own.height < innerHeight || line.top < own.height;
  preview.style.left = `${Math.max(8, Math.min(line.left, document.documentElement.clientWidth - own.width - 8)) - origin.left}px`;
  preview.style.top = `${(below ? line.bottom : line.top - own.height) - origin.top}px`;
};
const article = document.querySelector(".bd-article");
const linkAt = target => target.closest(".bd-article a.internal:not(.headerlink)[href*='#']");
if (article) {
  preview.id = "preview";
  preview.hidden = true;
  preview.setAttribute("role", "tooltip");
  article.append(preview);
  article.addEventListener("pointerover", event => {
    const link = event.pointerType === "mouse" && linkAt(event.target);
    if (link || preview.contains(event.target)) clearTimeout(waiting);
    if (link && (preview.hidden || link !== previewed)) waiting = setTimeout(showPreview, 150, link);
  });
  article.addEventListener("pointerout", event => {
    if (!linkAt(event.target) && !preview.contains(event.target)) return;
    clearTimeout(waiting);
    waiting = setTimeout(hidePreview, 200); // long enough to move onto the preview
  });
  article.addEventListener("focusin", event => {
    const link = linkAt(event.target);
    if (link?.matches(":focus-visible")) showPreview(link);
  });
  article.addEventListener("focusout", hidePreview);
  document.addEventListener("keydown", event => event.key === "Escape" && hidePreview());
}

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

// --- What a page leaves for later: the sections below (book.css), one by one, then what needs all of them measured ---------
// The theme's scripts are among it: one measures every box with code, and a page would lay out all of itself for that.
const inIdleTime = window.requestIdleCallback ?? setTimeout;
const finish = () => {
  markScrolling();
  if (entries.length) followReader();
  for (const name of ["pydata-sphinx-theme", "bootstrap"]) {
    const script = document.createElement("script");
    script.async = false; // in this order
    script.src = new URL(`_static/scripts/${name}.js`, root);
    document.body.append(script);
  }
};
const layOut = ([section, ...later]) => {
  if (!section) return finish();
  section.style.contentVisibility = "visible";
  inIdleTime(() => layOut(later));
};
addEventListener("load", async () => {
  await document.fonts.ready; // those of what is in view
  layOut([...document.querySelectorAll(".bd-article > section > section")]);
});

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

// --- An excerpt of the search holds a formula once, without the MathML beside it, and a term with its definition -----------
if (typeof Search === "object") {
  const { htmlToText } = Search;
  Search.htmlToText = (html, anchor) => {
    const text = html.replace(/<math [^]*?<\/math>/g, "");
    const term = anchor.startsWith("#term-") && new DOMParser().parseFromString(text, "text/html").querySelector(anchor);
    return term ? `${term.firstChild.textContent}: ${term.nextElementSibling.textContent}` : htmlToText(text, anchor);
  };
}
