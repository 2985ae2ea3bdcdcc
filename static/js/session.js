/* Two minutes before the session ends, say so and offer to stay. When it has ended, hide what the page shows:
   the next person at this screen may be another one. Any tab that talks to the server keeps them all alive. */
"use strict";
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
