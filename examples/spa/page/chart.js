// The picture: each refresh token is a bar, from when it came to when the next one is due, and each
// request a dot. It shows nothing that the timeline does not say.

import { $ } from "./dom.js";

const lanes = [8, 31, 54]; // the first free one is used, so that overlaps are seen
const past = 0.8; // of the width
const lifetimes = 5; // in the past

let bars = [];
let dots = [];
let lifetime = 1000;

function svg(name, attributes, parent) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  $(parent).append(e);
  return e;
}

export function drawToken(until, here, number) {
  const from = Date.now();
  lifetime = Math.max(lifetime, until - from);
  const y = lanes.find((lane) => !bars.some((bar) => bar.y === lane && bar.until > from)) ?? lanes.at(-1);
  const e = svg("rect", { y, height: 18, rx: 5, class: here ? "here" : "elsewhere" }, "bars");
  const label = svg("text", { y: y + 13, dx: 7 }, "bars");
  label.textContent = number;
  bars.push({ e, label, from, until, y });
}

export function drawAnswer(kind) {
  const e = svg("circle", { cy: 88, r: 4, class: kind }, "dots");
  dots.push({ e, at: Date.now() });
}

export function forgetChart() {
  $("bars").replaceChildren();
  $("dots").replaceChildren();
  bars = [];
  dots = [];
  lifetime = 1000;
}

// draw moves everything to where it is now.
export function draw(dueAt) {
  const now = Date.now();
  const x = (at) => 100 * past * (1 + (at - now) / (lifetimes * lifetime));
  const gone = (at) => x(at) < -2;
  for (const { e, label, from, until } of bars) {
    const left = Math.max(x(from), -2);
    e.setAttribute("x", `${left}%`);
    label.setAttribute("x", `${x(from)}%`);
    e.setAttribute("width", `${Math.max(0, x(until) - left - 0.3)}%`);
  }
  for (const { e, at } of dots) e.setAttribute("cx", `${x(at)}%`);
  for (const end of ["x1", "x2"]) $("due").setAttribute(end, `${x(dueAt)}%`);
  while (bars.length && gone(bars[0].until)) {
    const { e, label } = bars.shift();
    e.remove();
    label.remove();
  }
  while (dots.length && gone(dots[0].at)) dots.shift().e.remove();
}
