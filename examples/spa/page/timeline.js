// What has happened, newest first.

import { $, element } from "./dom.js";

const most = 14;

export function note(text, detail = "", kind = "") {
  const now = new Date();
  const time = element("time", now.toLocaleTimeString([], { timeStyle: "medium" }));
  time.dateTime = now.toISOString();
  const item = element("li", "", time, element("span", text), element("small", detail));
  item.className = kind;
  $("events").prepend(item);
  while ($("events").childElementCount > most) $("events").lastElementChild.remove();
}

export const forgetTimeline = () => $("events").replaceChildren();
