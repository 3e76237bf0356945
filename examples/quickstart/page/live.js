// The stream of events. Its last one says why the session has ended.

import { $, element, time } from "./dom.js";
import { reasonOf, sessionEnded } from "./ask.js";
import { setExpiry } from "./expiry.js";

let stream = null;
let openedAt = 0;

export function listen() {
  if (stream) return;
  openedAt = Date.now();
  stream = new EventSource("/events");
  stream.onopen = () => connected(true);
  stream.onerror = () => {
    connected(false);
    if (stream?.readyState === EventSource.CLOSED) refused();
  };
  stream.addEventListener("session", (event) => setExpiry(JSON.parse(event.data).expires_at));
  stream.addEventListener("note", (event) => showNote(JSON.parse(event.data)));
  stream.addEventListener("ended", (event) => sessionEnded(JSON.parse(event.data).reason));
}

// listenAgain finds out when the session ends now, as another window may have used it. Any other
// request would count as activity.
export function listenAgain() {
  if (!stream || Date.now() - openedAt < 5000) return;
  stream.close();
  stream = null;
  listen();
}

// refused finds out why the stream was refused, which an EventSource does not say.
async function refused() {
  stream = null;
  const response = await fetch("/events").catch(() => null);
  if (response?.status !== 401) {
    response?.body?.cancel();
    setTimeout(() => $("in").hidden || listen(), 2000);
    return;
  }
  sessionEnded(reasonOf({ data: await response.json() }));
}

function connected(is) {
  $("connection").textContent = is ? "connected" : "connecting";
  $("connection").toggleAttribute("data-open", is);
}

function showNote(note) {
  $("events").prepend(element("li", "", element("strong", note.by), element("span", note.text), time(note.at)));
  while ($("events").childElementCount > 20) $("events").lastElementChild.remove();
}

export function forgetEvents() {
  stream?.close();
  stream = null;
  $("events").replaceChildren();
}
