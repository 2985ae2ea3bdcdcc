/* Small help on every page. Each page also works without it. */
"use strict";

/* Errors: put the reader on the summary, and a summary link on the control it names. */
document.getElementById("error-summary")?.focus();
document.addEventListener("click", (event) => {
  const link = event.target.closest("#error-summary a[href^='#']");
  if (link) document.getElementById(link.hash.slice(1))?.focus();
});

/* A second click on the same button within five seconds is the first one again. The server refuses repeats too. */
const SECOND_CLICK_MS = 5000;
document.addEventListener("submit", (event) => {
  const form = event.target;
  const pressed = `${event.submitter?.name}=${event.submitter?.value}`;
  const now = Date.now();
  if (form.method === "post" && form.dataset.pressed === pressed && now - Number(form.dataset.pressedAt) < SECOND_CLICK_MS) {
    event.preventDefault();
    return;
  }
  form.dataset.pressed = pressed;
  form.dataset.pressedAt = now;
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.pressed;
});

/* The banner grows with long names and large text; what scrolls into view must stay below it. */
const banner = document.querySelector(".pb");
if (banner) {
  new ResizeObserver(() => {
    document.documentElement.style.setProperty("--banner-height", `${banner.offsetHeight}px`);
  }).observe(banner);
}

/* Tables that become cards on a narrow screen keep their table roles. */
const roles = [["", "table"], ["thead,tbody", "rowgroup"], ["tr", "row"], ["td", "cell"], ["th[scope=row]", "rowheader"], ["th[scope=col]", "columnheader"]];
for (const table of document.querySelectorAll("table.tb-s")) {
  for (const [selector, role] of roles) {
    for (const part of selector ? table.querySelectorAll(selector) : [table]) part.setAttribute("role", role);
  }
}

/* A print button, for those who look for one. */
for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

/* A list that cannot be refreshed stays, and says how old it is. */
document.querySelector("[data-refresh]")?.addEventListener("click", async (event) => {
  event.preventDefault();
  const fresh = await fetch(location).then((answer) => answer.status < 500, () => false);
  fresh ? location.reload() : (document.getElementById("stale").hidden = false);
});
