// Nothing about the user is in the HTML: the page asks for it, and forgets it when it is left. So
// the back button shows nothing after a logout.

import { $, element } from "./dom.js";
import { ask, reasonOf, sessionEnded, trouble } from "./ask.js";
import { act, closeDialog } from "./again.js";
import { forgetDevices, showDevices } from "./devices.js";
import { forgetEvents, listen, listenAgain } from "./live.js";
import { forgetExpiry, setExpiry, showTimeLeft } from "./expiry.js";
import { forgetPassword } from "./password.js";
import { forgetUsers, showUsers } from "./users.js";

// whoAmI decides which half of the page is shown.
async function whoAmI() {
  const answer = await ask("GET", "/me");
  if (answer.ok) enter(answer.data);
  else if (answer.status === 401) sessionEnded(reasonOf(answer));
  else notice(`${trouble(answer)} You are still logged in; try again in a moment.`);
  return answer;
}

function enter(identity) {
  notice("");
  $("subject").textContent = identity.subject;
  $("initial").textContent = [...identity.subject][0];
  $("roles").replaceChildren(...identity.roles.map((role) => element("li", role)));
  $("password-user").value = identity.subject; // for the browser's list of passwords
  $("method").textContent = identity.method;
  $("session-id").textContent = identity.session_id;
  $("auth-time").dateTime = identity.auth_time;
  $("auth-time").textContent = new Date(identity.auth_time).toLocaleTimeString();
  setExpiry(identity.expires_at);
  $("out").hidden = true;
  $("in").hidden = false;
  listen();
  showDevices();
  showUsers(identity);
}

// ended shows the login form, and why the session ended. The texts come from the server: see
// ending.go.
function ended(reason) {
  if ($("in").hidden) return; // another request was first
  forget();
  $("in").hidden = true;
  $("out").hidden = false;
  const text = [...$("endings").children].find((e) => e.dataset.reason === reason)?.textContent;
  notice(text ?? "Your session has ended.");
  $("notice").focus(); // the focused element is hidden now
}

function forget() {
  forgetEvents();
  forgetExpiry();
  forgetDevices();
  forgetUsers();
  forgetPassword();
  closeDialog();
  for (const id of ["subject", "initial", "method", "session-id", "auth-time", "answer-body"]) $(id).textContent = "";
  $("roles").replaceChildren();
  $("answer").hidden = true;
}

function notice(text) {
  $("notice").textContent = text;
  $("notice").hidden = !text;
}

// Try.

async function attempt(method, path, body) {
  const answer = await act(method, path, body);
  if (answer.status === 401) return;
  showAnswer(answer);
  if (answer.ok) whoAmI();
}

function showAnswer({ method, path, status, ok, data }) {
  $("answer").hidden = false;
  $("answer").toggleAttribute("data-refused", !ok);
  $("answer-request").textContent = `${method} ${path}`;
  $("answer-status").textContent = status || "";
  $("answer-body").textContent = data ? JSON.stringify(data, null, 2) : "";
}

$("ask-me").addEventListener("click", async () => {
  const answer = await whoAmI();
  if (answer.status !== 401) showAnswer(answer);
});
$("ask-admin").addEventListener("click", () => attempt("GET", "/admin"));
$("note").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt("POST", "/note", { text: $("text").value });
  $("text").value = "";
});

document.addEventListener("session-ended", (event) => ended(event.detail));
document.addEventListener("authenticated", whoAmI);
addEventListener("pagehide", forget);
addEventListener("pageshow", (event) => event.persisted && whoAmI());
// After a while in another window, the list may have changed.
addEventListener("focus", () => $("in").hidden || showDevices());
setInterval(() => showTimeLeft() || listenAgain(), 500);
if (!$("in").hidden) whoAmI();
