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

/* Two minutes before the session ends, say so and offer to stay. When it has ended, hide what the page shows:
   the next person at this screen may be another one. Any tab that talks to the server keeps them all alive. */
document.addEventListener("DOMContentLoaded", () => {
  const WARN_BEFORE_MS = 120000;
  const CHECK_EVERY_MS = 1000;
  const notice = document.getElementById("session-warning");
  const idleMs = Number(document.body.dataset.idleSeconds) * 1000;
  if (!notice || !(idleMs > WARN_BEFORE_MS)) return;
  const [soon, ended] = notice.querySelectorAll("[data-part]");
  let last = Date.now();
  let shown = "";

  const heard = () => {
    last = Date.now();
    try { localStorage.setItem("portal-heard", String(last)); } catch { /* private mode: this tab counts alone */ }
  };
  const show = (part) => {
    if (part === shown) return;
    shown = part;
    soon.hidden = part !== "soon";
    ended.hidden = part !== "ended";
    if (part === "ended") for (const secret of document.querySelectorAll("main > *, .pb")) secret.hidden = true;
  };
  const check = () => {
    if (shown === "ended") return;
    const left = last + idleMs - Date.now();
    show(left <= 0 ? "ended" : left <= WARN_BEFORE_MS ? "soon" : "");
  };

  soon.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await fetch(soon.action, { method: "POST", body: new FormData(soon), credentials: "same-origin" });
      if (answer.ok) heard();
      else show("ended");
    } catch { /* no network: the notice stays and the button can be pressed again */ }
    check();
  });
  /* Sending the page does the rest: the server keeps it, asks to sign in and gives it back. */
  ended.querySelector("button").addEventListener("click", () => {
    const form = document.getElementById("questions") ?? document.querySelector("main form[method=post]");
    if (form) HTMLFormElement.prototype.submit.call(form);
    else location.reload();
  });
  addEventListener("storage", (event) => {
    if (event.key === "portal-heard") last = Math.max(last, Number(event.newValue));
  });
  document.addEventListener("portal:request", heard);
  heard();
  setInterval(check, CHECK_EVERY_MS);
  document.addEventListener("visibilitychange", check);
});
