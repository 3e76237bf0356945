// The login as this tab sees it. No token is in reach of this file or of any other script:
// the browser keeps both in cookies, and the server tells for how long they are good.

import { isOutage, problemOf, send } from "./send.js";
import { askNow, over, pause } from "./outage.js";

// session tells what happens: "in" with who it is, "out" with the reason, "refreshed" with
// where, "kept" if that was not needed, "answer" with each answer.
export const session = new EventTarget();

let identity = null; // who is logged in, as far as this tab knows
let turn = 0; // logins and logouts: an answer to a request of before says nothing about now
let expiresAt = 0; // of the access token, by this clock, from the lifetime that the server told
let dueAt = 0;
let patience = 0; // in milliseconds
let touchedAt = Date.now();

const tell = (name, detail) => session.dispatchEvent(new CustomEvent(name, { detail }));

async function once(method, path, body) {
  const answer = await send(method, path, body);
  if (!isOutage(answer)) over();
  tell("answer", answer);
  return answer;
}

// ask sends a request for whoever is logged in.
export async function ask(method, path, body) {
  const asked = turn;
  let answer = await once(method, path, body);
  // A refresh may be repeated like a GET: it gets the same successor. Whether another
  // request was carried out before the answer was lost, only its sender can find out.
  const repeatable = method === "GET" || path === "/refresh";
  for (let attempt = 0; isOutage(answer) && repeatable && asked === turn; attempt++) {
    await pause(answer, attempt);
    if (asked === turn) answer = await once(method, path, body);
  }
  if (answer.status === 401 && asked === turn) leave(problemOf(answer));
  return answer;
}

// nextTurn is a login or logout. Requests that wait for a server to come back are given up.
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
  patience = (data.idle * 1000) / 2;
  expire(data.expires_in);
  if (same) return;
  nextTurn();
  tell("in", identity);
}

function leave(reason) {
  const was = identity;
  identity = null;
  nextTurn();
  tell("out", { reason, was });
}

export async function logIn(name, password) {
  const answer = await once("POST", "/login", { name, password });
  if (!answer.ok) return answer;
  touchedAt = Date.now();
  nextTurn(); // whoever was logged in before is not any more
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

// Refreshing ahead.

// expire remembers a lifetime that has been told just now.
function expire(seconds) {
  expiresAt = Date.now() + seconds * 1000;
  schedule();
}

// A third of the lifetime ahead, and half a minute at most. The session's own end may be near,
// which no refresh moves: so not at once again, but after half a second.
function schedule() {
  const left = expiresAt - Date.now();
  dueAt = Date.now() + Math.max(left - Math.min(left / 3, 30000), 500);
}

let refreshing = null;

// refresh asks for new tokens: once at a time in this tab, and without a look at the others.
// No navigator.locks here: tabs that ask together get one and the same successor, and with a
// lock all of them would wait for one whose request is stuck.
export function refresh() {
  return (refreshing ??= exchange().finally(() => (refreshing = null)));
}

async function exchange() {
  const asked = turn;
  const answer = await ask("POST", "/refresh");
  if (asked === turn && answer.ok) took(answer.data);
  return answer;
}

// took is told what a refresh has brought.
export function took({ session_id, expires_in, generation }) {
  if (session_id !== identity?.session_id) return look(); // another tab has logged in anew
  expire(expires_in);
  if (!generation) return tell("kept"); // they were new
  tell("refreshed", { here: true, generation, expiresAt });
  tabs.postMessage({ what: "refreshed", generation, expiresAt });
}

// check is called often, and whenever the tab may have slept: a timer for the time itself
// would have slept as well. Whoever has not touched the page for long is not there: a refresh
// is activity, and would keep the session of an empty chair.
function check() {
  if (identity && !refreshing && Date.now() >= dueAt && Date.now() - touchedAt < patience) refresh();
}

function touched() {
  touchedAt = Date.now();
  check();
}

setInterval(check, 250);
for (const name of ["pointerdown", "keydown", "focus", "visibilitychange"]) addEventListener(name, touched, { passive: true });

// times is for whoever shows them.
export const times = () => ({ expiresAt, dueAt, alone: Date.now() - touchedAt >= patience });

// Other tabs.

// What comes from them is a hint: it saves a refresh, or has this tab ask the server. Who is
// logged in is never believed from a message. Two tabs that refresh before the other's message
// arrives have done nothing wrong.
const tabs = new BroadcastChannel("session");

tabs.addEventListener("message", ({ data }) => {
  if (data.what === "changed" || !identity) return look();
  if (data.expiresAt > expiresAt) {
    expiresAt = data.expiresAt;
    schedule();
  }
  tell("refreshed", { here: false, generation: data.generation, expiresAt: data.expiresAt });
});

// What was shown must not come back with the back button.
addEventListener("pagehide", () => leave("hidden"));
addEventListener("pageshow", (event) => event.persisted && look());
