/* Step 1: "Suggestion so far" follows the answers, and they are kept. Without this file its buttons do both. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("questions");
  const panel = document.getElementById("so-far");
  if (!form || !panel) return;
  // after the last key: until the question, and until the answers are kept
  const PAUSE_MS = 150;
  const KEEP_MS = 2000;
  let timer;
  let keeping;
  let running;

  const post = (address, more) =>
    fetch(address, { method: "POST", body: new FormData(form), redirect: "error", ...more });

  const ask = async () => {
    running?.abort();
    running = new AbortController();
    panel.setAttribute("aria-busy", "true");
    try {
      const answer = await post(form.dataset.soFar, { signal: running.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      panel.innerHTML = await answer.text();
      document.dispatchEvent(new CustomEvent("portal:request"));
    } catch (error) {
      if (error.name === "AbortError") return; // a newer question is on its way
      // the panel as it was stays; the button still asks the server
    }
    panel.removeAttribute("aria-busy");
  };

  const keep = async (more) => {
    keeping = clearTimeout(keeping);
    const answer = await post(form.dataset.keep, more).catch(() => null); // not kept: the next answer tries again
    if (answer?.ok) document.getElementById("kept").innerHTML = await answer.text();
  };

  const later = (event) => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
    clearTimeout(keeping);
    if (event && form.dataset.keep) keeping = setTimeout(keep, KEEP_MS);
  };
  // what is sent, or dropped, needs no keeping; a tab that is closed or left sends what it has not kept yet
  for (const done of [form, document.getElementById("forget")]) {
    done?.addEventListener("submit", () => (keeping = clearTimeout(keeping)));
  }
  window.addEventListener("pagehide", () => keeping && keep({ keepalive: true }));
  form.addEventListener("change", later);
  form.addEventListener("input", later);
  // a browser that comes back to the page restores the answers, not the panel
  window.addEventListener("pageshow", (event) => {
    const [visit] = performance.getEntriesByType("navigation");
    if (event.persisted || visit?.type !== "navigate") later(null);
  });
});
