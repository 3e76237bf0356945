// The list of the sessions of a user.

import { $, button, element, say, tag, time } from "./dom.js";
import { trouble } from "./ask.js";
import { act } from "./again.js";

let asked = 0; // counts requests, so that an answer overtaken by a newer one is not shown

export async function showDevices() {
  const turn = ++asked;
  const answer = await act("GET", "/sessions");
  if (turn !== asked) return;
  if (!answer.ok) return answer.status !== 401 && say("devices-said", trouble(answer));
  const sessions = answer.data.sessions.sort((a, b) => b.current - a.current); // this device first
  replaceItems($("devices"), sessions.map((device) => deviceItem(device, endDevice)), $("devices-title"));
  const others = $("end-others");
  if (sessions.length < 2 && document.activeElement === others) $("devices-title").focus();
  others.hidden = sessions.length < 2;
}

// replaceItems keeps the focus. If its button is gone, it moves to the element above the list: the
// next button would end another session.
export function replaceItems(list, items, above) {
  const id = list.contains(document.activeElement) && document.activeElement.dataset.session;
  list.replaceChildren(...items);
  if (id) (list.querySelector(`[data-session="${id}"]`) ?? above).focus();
}

// deviceItem shows a device, with a button that ends its session.
export function deviceItem(device, end) {
  const name = element("strong", device.label);
  const place = element("small", `${device.ip || "unknown place"} · ${device.kind} · last seen `, time(device.last_seen_at));
  const what = element("div", "", name);
  if (device.current) what.append(" ", tag("this device"));
  what.append(place);
  const b = device.current
    ? button("Log out", "Log out of this device", () => $("logout").requestSubmit())
    : button("End", `End ${device.label}, ${device.ip || "unknown place"}`, () => end(device));
  b.dataset.session = device.id;
  return element("li", "", what, b);
}

async function endDevice(device) {
  const answer = await act("DELETE", `/sessions/${device.id}`);
  done(answer, `${device.label} is logged out.`);
}

async function endOthers() {
  const answer = await act("DELETE", "/sessions?others");
  done(answer, `Logged out elsewhere: ${answer.data?.ended ?? 0}.`);
}

function done(answer, text) {
  if (answer.status === 401) return;
  // 404: the session had ended already.
  say("devices-said", answer.ok || answer.status === 404 ? text : trouble(answer));
  showDevices();
}

export function forgetDevices() {
  asked++;
  $("devices").replaceChildren();
  say("devices-said", "");
}

$("end-others").addEventListener("click", endOthers);
