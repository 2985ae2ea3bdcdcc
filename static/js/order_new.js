/* Step 1: keep "Suggestion so far" in step with the answers. Without this file the page works with its button. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("questions");
  const panel = document.getElementById("so-far");
  if (!form || !panel) return;
  const PAUSE_MS = 150; // between the last key and the question
  let timer;
  let running;

  const ask = async () => {
    running?.abort();
    running = new AbortController();
    panel.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.dataset.soFar, {
        method: "POST",
        body: new FormData(form),
        credentials: "same-origin",
        redirect: "error",
        signal: running.signal,
      });
      if (!answer.ok) throw new Error(String(answer.status));
      panel.innerHTML = await answer.text();
      document.dispatchEvent(new CustomEvent("portal:request"));
    } catch (error) {
      if (error.name === "AbortError") return; // a newer question is on its way
      // the panel as it was stays; the button still asks the server
    }
    panel.removeAttribute("aria-busy");
  };

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  };
  form.addEventListener("change", later);
  form.addEventListener("input", later);
  // a browser that comes back to the page restores the answers, not the panel
  window.addEventListener("pageshow", (event) => {
    const [visit] = performance.getEntriesByType("navigation");
    if (event.persisted || visit?.type !== "navigate") later();
  });
});
