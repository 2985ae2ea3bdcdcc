/* For those who turned shortcuts on: G and a letter go to a page, / to its search, ? to help. */
"use strict";

{
  let began = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("textarea,select,input:not([type=radio],[type=checkbox])")) return;
    const key = event.key.toLowerCase();
    const goes = Date.now() - began < 1500; // milliseconds between G and the letter
    began = key === "g" ? Date.now() : 0;
    const there = document.querySelector(
      goes ? `nav a[data-letter="${CSS.escape(key)}"]` : { "/": "main [name=q]", "?": "footer a[href*=help]" }[key] ?? "none",
    );
    if (!there) return;
    event.preventDefault();
    there.focus();
    if (there.href) there.click();
  });
}
