// Colours the YAML of a profile, marks wrong lines, keeps the preview up to date while one types, and keeps what is not
// saved. The page works without this file. Sends the text to the page's own address and its preview, and nowhere else.
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
    state.textContent = preview.querySelector("#said")?.textContent || "";
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
      state.textContent = form.dataset.failed;
    }
    if (asking === asked) preview.classList.remove("stale");
  }

  function later(ms) {
    clearTimeout(timer);
    timer = setTimeout(ask, ms);
  }

  function changed() {
    draw();
    preview.classList.add("stale");
    later(PAUSE_MS);
    keep();
  }

  form.addEventListener("input", changed);

  // --- "Line 7" leads to line 7, or to the field of the form that it is about.

  preview.addEventListener("click", (event) => {
    const link = event.target.closest(".problems a");
    if (!link) return;
    const target = document.querySelector(link.getAttribute("href"));
    if (!target) return;
    event.preventDefault();
    reveal(target);
    if (target !== field) return;
    const number = Number(link.closest("[data-line]").dataset.line);
    const before = field.value.split("\n").slice(0, number - 1).join("\n").length;
    const at = before ? before + 1 : 0;
    field.setSelectionRange(at, at);
    copy.children[number - 1]?.scrollIntoView({ block: "center" });
  });

  function reveal(element) {
    for (let fold = element.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    element.focus();
    element.scrollIntoView({ block: "nearest" });
  }

  // --- Topics are added, moved and removed by the server, as without script; only they are replaced, nothing jumps.

  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    const topics = document.getElementById("topics");
    if (!topics || !/^(add|up|down|remove)\b/.test(button?.value || "")) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form));
    body.set("do", button.value);
    const answer = await fetch(location.href, { method: "POST", body }).catch(() => null);
    if (!answer?.ok) {
      state.textContent = form.dataset.failed;
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const after = page.getElementById("topics");
    if (!after) return;
    const focus = after.querySelector("[autofocus]")?.id;
    topics.replaceChildren(...after.childNodes);
    document.getElementById("yaml").value = page.getElementById("yaml").value;
    if (focus) reveal(document.getElementById(focus));
    state.textContent = page.getElementById("state").textContent;
    preview.classList.add("stale");
    later(2 * PAUSE_MS); // what was done is read out first
    keep();
  });

  // --- What is not saved is kept in this browser, and offered to who comes back.

  const offer = document.getElementById("draft");
  const key = `draft ${offer.dataset.key}`;
  const KEPT_MS = 60 * 24 * 3600 * 1000;
  const written = () => JSON.stringify([...new FormData(form)].filter(([name]) => name !== "after"));
  const first = written();

  function stored(action) {
    try {
      return action(window.localStorage);
    } catch {
      return null; // the browser keeps nothing, or what it kept is none of ours
    }
  }

  function keep() {
    const now = written();
    if (now === first && !("unsaved" in form.dataset)) return stored((kept) => kept.removeItem(key));
    const draft = { at: Date.now(), after: form.elements.after.value, fields: JSON.parse(now) };
    stored((kept) => kept.setItem(key, JSON.stringify(draft)));
    offer.hidden = true; // what is typed now is the draft
  }

  function propose() {
    const draft = stored((kept) => JSON.parse(kept.getItem(key)));
    const isOurs = draft && Array.isArray(draft.fields) && draft.at > Date.now() - KEPT_MS;
    if (!isOurs || JSON.stringify(draft.fields) === first) return stored((kept) => kept.removeItem(key));
    const at = new Date(draft.at);
    const isToday = at.toDateString() === new Date().toDateString();
    const clock = { hour: "numeric", minute: "2-digit" };
    const time = at.toLocaleString(document.documentElement.lang, isToday ? clock : { day: "numeric", month: "long", ...clock });
    const words = draft.after === offer.dataset.after ? offer.dataset.text : offer.dataset.newer;
    offer.querySelector("p").textContent = words.replace("{time}", time);
    offer.hidden = false;
    document.getElementById("restore").onclick = () => restore(draft);
    document.getElementById("discard").onclick = () => {
      stored((kept) => kept.removeItem(key));
      offer.hidden = true;
      form.querySelector("summary, textarea:not([hidden])").focus();
    };
  }

  // The server shows the draft as it shows what was typed, with the version it was made from: so that saving it over
  // a newer one is a conflict that the reader decides.
  function restore(draft) {
    const view = new Map(draft.fields).get("view") === "form" ? "form" : "yaml";
    const again = document.createElement("form");
    again.method = "post";
    for (const [name, value] of [...draft.fields, ["after", draft.after], ["do", view]]) {
      const one = document.createElement("textarea");
      one.name = name;
      one.value = String(value);
      again.append(one);
    }
    again.hidden = true;
    document.body.append(again);
    again.submit();
  }

  if ("saved" in form.dataset) stored((kept) => kept.removeItem(key));
  else if ("unsaved" in form.dataset) keep();
  else propose();

  draw();
  if (!preview.querySelector(".papers, .problems")) later(0);
})();
