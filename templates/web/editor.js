// Colours the YAML of a profile, marks wrong lines and keeps the preview up to date while one types.
// The page works without this file. Sends the text to the page's own preview address and nowhere else.
"use strict";
(() => {
  const form = document.getElementById("editor");
  const field = document.getElementById("text");
  const state = document.getElementById("state");
  const preview = document.getElementById("preview");
  if (!form || !window.fetch) return;

  const PAUSE_MS = 700; // after the last key
  const copy = document.createElement("pre"); // of the YAML; the form has none
  copy.setAttribute("aria-hidden", "true");
  field?.before(copy);
  field?.parentElement.classList.add("live");
  let wrong = new Set([...preview.querySelectorAll("[data-line]")].map((item) => Number(item.dataset.line)));

  // One line of YAML, cut into [kind, text]: k(ey), s(tring), n(umber), c(omment) or plain.
  const PARTS = /^(\s*(?:- +)*)((?:"[^"]*"|'[^']*'|[^\s#:"'[{][^:#]*?)(?=:(?:\s|$)))?(.*)$/;
  const VALUES = /("(?:[^"\\]|\\.)*"|'[^']*')|((?:^|\s)#.*$)|((?<![\w.-])\d+(?:[:.]\d+)*(?![\w-]))/g;

  function parts(line) {
    const [, lead, key, rest] = PARTS.exec(line) || ["", "", undefined, line];
    const found = [["", lead]];
    if (key) found.push(["k", key]);
    let at = 0;
    for (const match of rest.matchAll(VALUES)) {
      found.push(["", rest.slice(at, match.index)]);
      found.push([match[1] ? "s" : match[2] ? "c" : "n", match[0]]);
      at = match.index + match[0].length;
    }
    found.push(["", rest.slice(at)]);
    return found;
  }

  const indent = (line) => line.length - line.trimStart().length;

  // Lines with their parts; what belongs to a block of text (after > or |) is text whatever it looks like.
  function coloured(text) {
    let block = -1;
    return text.split("\n").map((line) => {
      if (block >= 0 && (line.trim() === "" || indent(line) > block)) return [["s", line]];
      block = /(?:^|[:-]\s+)[>|][+-]?\d?\s*(?:#.*)?$/.test(line) ? indent(line) : -1;
      return parts(line);
    });
  }

  function draw() {
    if (!field) return;
    const lines = coloured(field.value).map((found, index) => {
      const row = document.createElement("span");
      row.className = wrong.has(index + 1) ? "l bad" : "l";
      for (const [kind, text] of found) {
        if (!text) continue;
        const part = document.createElement("span");
        part.className = kind;
        part.textContent = text;
        row.append(part);
      }
      return row;
    });
    copy.replaceChildren(...lines);
  }

  function show(html) {
    preview.innerHTML = html; // made by our own templates, which escape what they show
    const items = [...preview.querySelectorAll("[data-line]")];
    wrong = new Set(items.map((item) => Number(item.dataset.line)));
    field?.setAttribute("aria-invalid", String(items.length > 0));
    const papers = preview.querySelectorAll(".papers li").length;
    state.textContent = items.length ? `${items.length} to mend.` : `No mistakes. ${papers} papers in the preview.`;
    draw();
  }

  let timer = 0;
  let asked = null;

  async function ask() {
    asked?.abort();
    const asking = (asked = new AbortController());
    const body = new URLSearchParams(new FormData(form));
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body, signal: asking.signal });
      if (answer.status === 429) return later(1000 * Number(answer.headers.get("Retry-After") || 10));
      if (!answer.ok) throw new Error(String(answer.status));
      const html = await answer.text();
      if (asking === asked) show(html);
    } catch (error) {
      if (error.name === "AbortError") return;
      state.textContent = "The live preview cannot be had at this moment; the buttons still work.";
    }
    if (asking === asked) preview.classList.remove("stale");
  }

  function later(ms) {
    clearTimeout(timer);
    timer = setTimeout(ask, ms);
  }

  form.addEventListener("input", () => {
    draw();
    preview.classList.add("stale");
    later(PAUSE_MS);
  });

  // "Line 7" leads to line 7.
  preview.addEventListener("click", (event) => {
    const item = event.target.closest("a[href='#text']")?.closest("[data-line]");
    if (!item || !field) return;
    event.preventDefault();
    const before = field.value.split("\n").slice(0, Number(item.dataset.line) - 1).join("\n").length;
    const at = before ? before + 1 : 0;
    field.focus();
    field.setSelectionRange(at, at);
    copy.children[Number(item.dataset.line) - 1]?.scrollIntoView({ block: "center" });
  });

  draw();
  if (!preview.querySelector(".papers, .problems")) later(0);
})();
