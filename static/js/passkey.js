/* Passkeys: the browser makes or uses one, and the form carries its answer. */
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form[data-passkey]");
  const maker = window.PublicKeyCredential;
  if (!form || !maker?.parseCreationOptionsFromJSON) return;
  const options = JSON.parse(document.getElementById("passkey-options").textContent);
  const [button, problem] = [form.querySelector("button"), form.querySelector("[role=alert]")];
  button.hidden = false;
  form.querySelector("[data-without]").hidden = true;
  button.addEventListener("click", async () => {
    problem.hidden = true;
    try {
      const credential = form.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey: maker.parseCreationOptionsFromJSON(options.creation_options.publicKey) })
        : await navigator.credentials.get({ publicKey: maker.parseRequestOptionsFromJSON(options.request_options.publicKey) });
      form.elements.credential.value = JSON.stringify(credential);
      form.submit();
    } catch {
      problem.hidden = false;
    }
  });
});
