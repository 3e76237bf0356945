// The document: it shows what session.js does, and handles clicks.

import { $, element, say, span } from "./dom.js";
import { ask, due, logIn, logOut, look, refresh, session } from "./session.js";
import { askNow, outage } from "./outage.js";
import { burst } from "./burst.js";
import { callService, forgetToken } from "./dpop.js";
import { draw, drawAnswer, drawToken, forgetChart } from "./chart.js";
import { forgetTimeline, note } from "./timeline.js";
import { isOutage, problemOf } from "./send.js";

// Why the login form is shown again, by the type of the problem.
const reasons = {
  "logged-out": "You have logged out, in all tabs of this browser.",
  "no-credentials": "You logged out in another tab.",
  "session-expired": "Your session has ended: it was not used for a while, or the login was too long ago.",
  "session-revoked": "Your session was ended elsewhere: on another device, by a new password, or by an administrator.",
  "session-superseded": "You were logged out because you logged in elsewhere.",
  "session-stolen": "You were logged out because a copy of your login was used elsewhere. If that was not you, change your password.",
  "invalid-credentials": "Your session has ended.",
};

let counts = { here: 0, elsewhere: 0, generation: 0 };
let retryAt = 0;

// In and out.

session.addEventListener("in", ({ detail: identity }) => {
  forget();
  say("subject", identity.subject);
  say("initial", [...identity.subject][0]);
  $("roles").replaceChildren(...identity.roles.map((role) => element("li", role)));
  notice("");
  show("in");
  note("Logged in", `session ${identity.session_id.slice(0, 8)}…`);
  drawToken(due(), true, "");
  countSessions();
});

session.addEventListener("out", ({ detail: { reason, was } }) => {
  forget();
  show("out");
  if (reason === "hidden" || (reason === "no-credentials" && !was)) return;
  notice(reasons[reason] ?? reasons["invalid-credentials"]);
  if (was) $("notice").focus(); // the focused element is hidden now
});

function show(part) {
  for (const id of ["in", "out"]) $(id).hidden = id !== part;
  document.title = part === "in" ? "Logged in · inga" : "Log in · inga";
}

function forget() {
  forgetChart();
  forgetTimeline();
  counts = { here: 0, elsewhere: 0, generation: 0 };
  showCounts();
  for (const id of ["subject", "initial", "answer", "said", "sessions"]) say(id, "");
  $("roles").replaceChildren();
  $("password").value = "";
}

function notice(text) {
  say("notice", text);
  $("notice").hidden = !text;
}

$("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  say("error", "");
  const answer = await logIn($("name").value, $("password").value);
  if (answer.ok) return $("subject").focus();
  say("error", isOutage(answer) ? "The server cannot be asked at the moment. Try again soon." : answer.status === 401 ? "Wrong name or password." : answer.data.title);
  $("password").focus();
});

$("logout").addEventListener("click", async () => {
  const answer = await logOut();
  if (!answer.ok) say("said", "You are still logged in: the server could not be asked. Try again soon.");
});

// Refreshes.

session.addEventListener("refreshed", ({ detail: { here, generation, until } }) => {
  const together = generation === counts.generation;
  counts[here ? "here" : "elsewhere"]++;
  counts.generation = generation;
  showCounts();
  if (!together) drawToken(until, here, generation);
  const what = here ? "Refreshed in this tab" : "Refreshed in another tab";
  note(what, together ? `token ${generation}, as before` : `token ${generation}`, here ? "here" : "elsewhere");
});

function showCounts() {
  for (const name of ["here", "elsewhere"]) say(`count-${name}`, String(counts[name]));
}

$("refresh").addEventListener("click", refresh);
$("burst").addEventListener("click", async () => {
  const { sent, good, different } = await burst();
  const text = `${sent} refreshes at once: ${good} answered, with ${different === 1 ? "the same token" : `${different} tokens`}.`;
  say("said", text);
  note(text);
  countSessions();
});

async function countSessions() {
  const answer = await ask("GET", "/api/sessions");
  if (answer.ok) say("sessions", String(answer.data.sessions.length));
}

$("end-others").addEventListener("click", async () => {
  const answer = await ask("DELETE", "/api/sessions?others");
  if (answer.ok) say("said", `Logged out elsewhere: ${answer.data.ended}.`);
  countSessions();
});

// The API.

session.addEventListener("answer", ({ detail: answer }) => {
  if (answer.path === "/refresh" && answer.ok) return;
  const kind = answer.ok ? "good" : answer.status === 403 ? "refused" : "bad";
  drawAnswer(kind);
  note(`${answer.method} ${answer.path}`, answer.status ? `${answer.status} ${answer.ok ? "" : problemOf(answer)}` : "no answer", kind);
});

async function attempt(button, method, path, body) {
  button.disabled = true; // until there is an answer, as long as an outage lasts
  const answer = await ask(method, path, body);
  button.disabled = false;
  if ($("in").hidden) return;
  button.focus();
  say("answer", answer.ok ? JSON.stringify(answer.data, null, 1) : words(answer));
}

function words(answer) {
  if (answer.status === 403) return "403: your role does not suffice for this. You are still logged in.";
  if (answer.status === 503) return "503: the server could not be asked. Nothing has happened; try again.";
  if (answer.status === 0) return "No answer. Check whether it was done before you try again.";
  return `${answer.status}: ${answer.data?.title ?? "refused"}`;
}

for (const button of document.querySelectorAll("[data-request]")) {
  const [method, path] = button.dataset.request.split(" ");
  button.addEventListener("click", () => attempt(button, method, path, method === "POST" ? { text: "hello from this tab" } : undefined));
}

$("service").addEventListener("click", async ({ target }) => {
  target.disabled = true;
  const answer = await callService("GET", "/service/time");
  target.disabled = false;
  if ($("in").hidden) return;
  target.focus();
  say("service-answer", answer.ok ? JSON.stringify(answer.data, null, 1) : words(answer));
  if (answer.status === 401) look(); // whether the session has ended
});
session.addEventListener("out", forgetToken);

// Outages. The page stays as it is.

outage.addEventListener("waiting", ({ detail: at }) => {
  if (!retryAt) say("outage-text", "The server cannot be asked at the moment. You are still logged in.");
  retryAt = at;
  $("outage").hidden = false;
});
outage.addEventListener("over", () => {
  retryAt = 0;
  $("outage").hidden = true;
  note("The server answers again", "", "good");
});
$("ask-now").addEventListener("click", askNow);

// The clock.

function tick() {
  if (retryAt) say("retry-in", `Next attempt in ${span(retryAt - Date.now())}`);
  if ($("in").hidden) return;
  say("due-in", due() ? span(due() - Date.now()) : "when you are back");
  draw(due());
}

setInterval(tick, matchMedia("(prefers-reduced-motion: reduce)").matches ? 1000 : 100);
look();
