// Changing the password.

import { $, say } from "./dom.js";
import { ask, problemOf, reasonOf, sessionEnded, trouble } from "./ask.js";

async function change(event) {
  event.preventDefault();
  mark(false);
  const answer = await ask("POST", "/password", { old: $("old").value, new: $("new").value });
  if (answer.ok) return changed(answer.data.ended);
  if (answer.status === 401 && problemOf(answer) !== "invalid-credentials") return sessionEnded(reasonOf(answer));
  if (answer.status !== 401) return say("password-error", answer.status === 422 ? "The new password is too long." : trouble(answer));
  mark(true);
  $("old").value = "";
  $("old").focus();
}

function mark(wrong) {
  say("password-said", "");
  say("password-error", wrong ? "The old password is wrong." : "");
  $("old").toggleAttribute("aria-invalid", wrong);
}

function changed(ended) {
  $("old").value = $("new").value = "";
  say("password-said", `The password is changed. Logged out elsewhere: ${ended}.`);
  document.dispatchEvent(new CustomEvent("authenticated")); // for page.js: the session has a new start
}

export function forgetPassword() {
  mark(false);
  $("password-form").reset();
}

$("password-form").addEventListener("submit", change);
