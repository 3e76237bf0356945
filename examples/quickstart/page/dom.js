// Short names for what the other files do with the document.

export const $ = (id) => document.getElementById(id);

export function element(name, text = "", ...children) {
  const e = document.createElement(name);
  e.textContent = text;
  e.append(...children);
  return e;
}

export function tag(text) {
  const e = element("span", text);
  e.className = "tag";
  return e;
}

// button has a label for screen readers, which do not see the button's surroundings.
export function button(text, label, click) {
  const b = element("button", text);
  b.type = "button";
  b.setAttribute("aria-label", label);
  b.addEventListener("click", click);
  return b;
}

export function time(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  const e = element("time", today ? date.toLocaleTimeString([], { timeStyle: "short" }) : date.toLocaleString([], { dateStyle: "medium", timeStyle: "short" }));
  e.dateTime = at;
  return e;
}

// say shows what has happened, next to where. Screen readers announce it.
export function say(id, text) {
  $(id).textContent = text;
}
