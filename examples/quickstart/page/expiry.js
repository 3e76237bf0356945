// The bar that shows when the session ends. It runs down by itself; an answer of the server sets it
// again.

import { $ } from "./dom.js";

let expiresAt = 0; // in milliseconds; 0 if not known
let span = 1; // a full bar: the longest remaining time so far

export function setExpiry(time) {
  expiresAt = Date.parse(time);
  span = Math.max(span, expiresAt - Date.now());
  showTimeLeft();
}

export function forgetExpiry() {
  expiresAt = 0;
  span = 1;
  $("left-text").textContent = "";
}

// showTimeLeft returns whether there is any time left.
export function showTimeLeft() {
  if (!expiresAt) return true;
  const left = Math.max(0, expiresAt - Date.now());
  $("left").max = span;
  $("left").value = left;
  $("left-text").textContent = clock(Math.ceil(left / 1000));
  return left > 0;
}

function clock(seconds) {
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}
