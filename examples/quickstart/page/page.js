// What is about somebody is not in the HTML: it is asked for here, kept in this page only,
// and forgotten when the page is left. So the back button shows nothing after a logout.

const $ = (id) => document.getElementById(id);

let expiresAt = 0; // of the session, in milliseconds; 0: nobody is logged in
let span = 1; // what a full bar means: the longest time left that was seen
let stream = null;

// ask sends a request and returns its answer, or nothing if there is none.
async function ask(method, path, body) {
  const options = { method, cache: "no-store" };
  if (body) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  try {
    const response = await fetch(path, options);
    const type = response.headers.get("Content-Type") ?? "";
    const data = type.includes("json") ? await response.json() : null;
    return { method, path, status: response.status, ok: response.ok, data };
  } catch {
    return { method, path, status: 0, ok: false, data: { title: "The server does not answer" } };
  }
}

// whoAmI is the one question that decides which half of the page is shown.
async function whoAmI() {
  const answer = await ask("GET", "/me");
  if (answer.ok) enter(answer.data);
  else if (answer.status === 401) ended();
  else notice(`${answer.data?.title ?? answer.status}. Nobody was logged out; ask again in a moment.`);
  return answer;
}

function enter(identity) {
  notice("");
  $("subject").textContent = identity.subject;
  $("initial").textContent = [...identity.subject][0];
  $("roles").replaceChildren(...identity.roles.map((role) => element("li", role)));
  $("method").textContent = identity.method;
  $("session-id").textContent = identity.session_id;
  $("auth-time").dateTime = identity.auth_time;
  $("auth-time").textContent = new Date(identity.auth_time).toLocaleTimeString();
  setExpiry(identity.expires_at);
  $("out").hidden = true;
  $("in").hidden = false;
  listen();
}

function ended() {
  forget();
  $("in").hidden = true;
  $("out").hidden = false;
  notice("Your session has ended.");
}

function forget() {
  stream?.close();
  stream = null;
  expiresAt = 0;
  span = 1;
  for (const id of ["subject", "initial", "method", "session-id", "auth-time", "left-text", "answer-body"]) $(id).textContent = "";
  for (const id of ["roles", "events"]) $(id).replaceChildren();
  $("answer").hidden = true;
}

function notice(text) {
  $("notice").textContent = text;
  $("notice").hidden = !text;
}

// The bar moves by itself; only an answer of the server moves it back.

function setExpiry(time) {
  expiresAt = Date.parse(time);
  span = Math.max(span, expiresAt - Date.now());
  showTimeLeft();
}

function showTimeLeft() {
  if (!expiresAt) return;
  const left = Math.max(0, expiresAt - Date.now());
  $("left").max = span;
  $("left").value = left;
  $("left-text").textContent = clock(Math.ceil(left / 1000));
}

function clock(seconds) {
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

// Live. The server ends a stream after a while, and at the latest with the session. The
// browser then connects again, and the guard looks again.

function listen() {
  if (stream) return;
  stream = new EventSource("/events");
  stream.onopen = () => connected(true);
  stream.onerror = () => {
    connected(false);
    if (stream?.readyState === EventSource.CLOSED) refused();
  };
  stream.addEventListener("session", (event) => setExpiry(JSON.parse(event.data).expires_at));
  stream.addEventListener("note", (event) => showNote(JSON.parse(event.data)));
}

// refused finds out why: an EventSource does not say. It asks by a request that is passive
// too; asking /me would be activity.
async function refused() {
  stream = null;
  const response = await fetch("/events").catch(() => null);
  response?.body?.cancel();
  if (response?.status === 401) ended();
  else setTimeout(() => expiresAt && listen(), 2000);
}

function connected(is) {
  $("connection").textContent = is ? "connected" : "connecting";
  $("connection").toggleAttribute("data-open", is);
}

function showNote(note) {
  const item = element("li", "");
  const time = element("time", new Date(note.at).toLocaleTimeString());
  time.dateTime = note.at;
  item.append(element("strong", note.by), element("span", note.text), time);
  $("events").prepend(item);
  while ($("events").childElementCount > 20) $("events").lastElementChild.remove();
}

// Try.

async function attempt(method, path, body) {
  const answer = await ask(method, path, body);
  if (answer.status === 401) return ended();
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

function element(name, text) {
  const e = document.createElement(name);
  e.textContent = text;
  return e;
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

addEventListener("pagehide", forget);
addEventListener("pageshow", (event) => event.persisted && whoAmI());
setInterval(showTimeLeft, 500);
if (!$("in").hidden) whoAmI();
