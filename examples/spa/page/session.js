// The login as this tab sees it. No script can read the tokens: the browser keeps them in cookies,
// and sends them with every request.

import { isOutage, problemOf, send } from "./send.js";
import { askNow, over, pause } from "./outage.js";

// session dispatches "in" with the identity, "out" with the reason, "refreshed" with the generation
// of the refresh token and whether this tab asked for it, and "answer" with each answer.
export const session = new EventTarget();

let identity = null; // who is logged in, as far as this tab knows
let turn = 0; // counts logins and logouts: an answer from an earlier turn says nothing about this one
let dueAt = 0; // when the refresh token should be replaced
let touchedAt = Date.now(); // when the user was last active here

const emit = (name, detail) => session.dispatchEvent(new CustomEvent(name, { detail }));

async function once(method, path, body, headers) {
  const answer = await send(method, path, body, headers);
  if (!isOutage(answer)) over();
  emit("answer", answer);
  return answer;
}

// ask sends a request of the user. A 401 always means that the session has ended, unless the request has a
// proof: then it may be about that, and the next one without says more.
export async function ask(method, path, body, headers) {
  const asked = turn;
  let answer = await once(method, path, body, headers);
  // A refresh may be repeated like a GET: it gets the same successor. Whether another request was
  // carried out although its answer was lost, only its sender can find out.
  const repeatable = (method === "GET" || path === "/refresh") && !headers?.DPoP; // a proof is good once
  for (let attempt = 0; isOutage(answer) && repeatable && asked === turn; attempt++) {
    await pause(answer, attempt);
    if (asked === turn) answer = await once(method, path, body);
  }
  if (answer.status === 401 && asked === turn && !headers?.DPoP) leave(problemOf(answer));
  return answer;
}

// nextTurn is a login or logout. Requests that wait for the server are given up.
function nextTurn() {
  turn++;
  askNow();
}

// look finds out who is logged in.
export async function look() {
  const asked = turn;
  const answer = await ask("GET", "/api/me");
  if (asked !== turn) return answer;
  if (answer.status === 204) leave("no-credentials");
  if (answer.status === 200) enter(answer.data);
  return answer;
}

function enter(data) {
  const same = identity?.session_id === data.session_id;
  identity = data;
  if (same) return;
  schedule();
  nextTurn();
  emit("in", identity);
}

function leave(reason) {
  const was = identity;
  identity = null;
  nextTurn();
  emit("out", { reason, was });
}

export async function logIn(name, password) {
  const answer = await once("POST", "/login", { name, password });
  if (!answer.ok) return answer;
  touchedAt = Date.now();
  nextTurn(); // another user may have been logged in before
  tabs.postMessage({ what: "changed" });
  await look();
  return answer;
}

export async function logOut() {
  const answer = await once("POST", "/logout");
  if (!answer.ok) return answer;
  leave("logged-out");
  tabs.postMessage({ what: "changed" });
  return answer;
}

// Replacing the refresh token once in a while: a stolen copy is noticed when it is replaced as well.
// No request depends on it, so nothing is lost when it is late.

function schedule() {
  dueAt = Date.now() + identity.rotate * 1000;
}

let refreshing = null;

// refresh replaces the tokens: once at a time in this tab, and without asking the other tabs. No
// navigator.locks: tabs that ask at the same time get the same token, and with a lock they would all
// wait for the one whose request is stuck.
export function refresh() {
  return (refreshing ??= exchange().finally(() => (refreshing = null)));
}

async function exchange() {
  const asked = turn;
  const answer = await ask("POST", "/refresh");
  if (asked === turn && answer.ok) took(answer.data);
  return answer;
}

// took handles the answer to a refresh.
export function took({ session_id, generation }) {
  if (session_id !== identity?.session_id) return look(); // another tab has logged in anew
  schedule();
  emit("refreshed", { here: true, generation, until: dueAt });
  tabs.postMessage({ what: "refreshed", generation });
}

// present tells whether the user was active lately. A refresh is activity, and would keep alive the
// session of a page that was left open.
const present = () => Date.now() - touchedAt < (identity.idle * 1000) / 2;

// check is called often, and when the tab wakes up: a timer for the due time would have slept too.
function check() {
  if (identity && !refreshing && Date.now() >= dueAt && present()) refresh();
}

function touched() {
  touchedAt = Date.now();
  check();
}

setInterval(check, 250);
for (const name of ["pointerdown", "keydown", "focus", "visibilitychange"]) addEventListener(name, touched, { passive: true });

// due is when the next refresh is due, or 0 while the user is away.
export const due = () => (present() ? dueAt : 0);

// Other tabs. Their messages are hints: they spare a refresh, or make this tab ask the server, which
// alone knows who is logged in. Two tabs that refresh before the other's message arrives do no harm.
const tabs = new BroadcastChannel("session");

tabs.addEventListener("message", ({ data }) => {
  if (data.what === "changed" || !identity) return look();
  schedule();
  emit("refreshed", { here: false, generation: data.generation, until: dueAt });
});

// The back button must not bring back what was shown.
addEventListener("pagehide", () => leave("hidden"));
addEventListener("pageshow", (event) => event.persisted && look());
