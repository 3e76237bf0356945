// Authenticating again, for actions that an unattended session must not reach.

import { $, say } from "./dom.js";
import { ask, problemOf, reasonOf, sessionEnded, trouble } from "./ask.js";

const tooLongAgo = (answer) => problemOf(answer) === "insufficient-authentication";

// act is ask for requests that need a session. If the password was given too long ago, it asks for
// it, and then sends the request once more.
export async function act(method, path, body) {
  let answer = await ask(method, path, body);
  if (tooLongAgo(answer) && (await authenticateAgain())) answer = await ask(method, path, body);
  if (answer.status === 401 && !tooLongAgo(answer)) sessionEnded(reasonOf(answer));
  return answer;
}

// authenticateAgain returns whether the user has given the right password. When the dialog closes,
// the browser moves the focus back to where it was.
function authenticateAgain() {
  const dialog = $("again");
  say("again-error", "");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "done"), { once: true });
  });
}

async function send(event) {
  event.preventDefault();
  const answer = await ask("POST", "/reauthenticate", { password: $("again-password").value });
  $("again-password").value = "";
  if (answer.ok) return done();
  // A password that is wrong is refused like a login. Any other 401 is about the session.
  if (answer.status === 401 && problemOf(answer) !== "invalid-credentials") {
    $("again").close();
    return sessionEnded(reasonOf(answer));
  }
  say("again-error", answer.status === 401 ? "Wrong password." : trouble(answer));
  $("again-password").focus();
}

function done() {
  $("again").close("done");
  document.dispatchEvent(new CustomEvent("authenticated")); // to page.js: the session has a new start
}

// closeDialog is for a session that ends while the dialog is open.
export function closeDialog() {
  $("again-password").value = "";
  $("again").close();
}

$("again-form").addEventListener("submit", send);
$("again-cancel").addEventListener("click", closeDialog);
