// Asks before a page with unsaved changes is left. Without JavaScript the page works as it is.
(() => {
  const form = document.querySelector(".change-form #content-main form");
  if (!form) return;
  let changed = false;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
  // a link to a closed list opens it
  const open = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const list = target && target.closest("details");
    if (list) list.open = true;
  };
  window.addEventListener("hashchange", open);
  open();
})();
