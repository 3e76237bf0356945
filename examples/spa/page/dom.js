// Short names for what the other files do with the document.

export const $ = (id) => document.getElementById(id);

export function element(name, text = "", ...children) {
  const e = document.createElement(name);
  e.textContent = text;
  e.append(...children);
  return e;
}

// say shows what has happened, next to where. Screen readers announce it.
export function say(id, text) {
  $(id).textContent = text;
}

// span is a time in words: "2.4 s", "4 min 10 s".
export function span(milliseconds) {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}
