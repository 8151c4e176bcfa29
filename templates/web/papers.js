// Moves between the papers of a day by the keys j and k. The page works without it.
"use strict";
{
  const papers = [...document.querySelectorAll(".entry")];
  const hint = document.querySelector(".keys");
  const name = "newsletter keys";

  // A page opened from a disk may be denied a store.
  const remember = (value) => {
    try {
      localStorage.setItem(name, value);
    } catch {}
  };
  const remembered = () => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  };

  const isShown = (paper) => {
    const { top, bottom } = paper.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  };

  // The paper that has the focus or was jumped to, as long as it can be seen; else the one at the top of the window.
  const present = () => {
    const focused = document.activeElement?.closest(".entry");
    const target = document.querySelector(".entry:target");
    const known = [focused, target].find((paper) => paper && isShown(paper));
    if (known) return papers.indexOf(known);
    const next = papers.findIndex((paper) => paper.getBoundingClientRect().top > 9);
    return (next < 0 ? papers.length : next) - 0.5;
  };

  const go = (step) => {
    const at = present();
    const paper = papers[step > 0 ? Math.floor(at + 1) : Math.ceil(at - 1)];
    if (!paper) return;
    location.replace(`#${paper.id}`);
    paper.querySelector("h3 a").focus({ preventScroll: true });
  };

  const isTyping = (element) => element.isContentEditable || element.matches("input:not([type=checkbox]), textarea, select");

  if (hint && papers.length > 1) {
    const box = hint.querySelector("input");
    box.checked = remembered() !== "off";
    box.addEventListener("change", () => remember(box.checked ? "on" : "off"));
    hint.hidden = false;
    document.addEventListener("keydown", (event) => {
      if (!box.checked || event.defaultPrevented || event.isComposing || event.repeat) return;
      if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || isTyping(event.target)) return;
      if (event.key === "j") go(1);
      if (event.key === "k") go(-1);
    });
  }
}
