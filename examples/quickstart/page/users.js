// For administrators: the users, their roles and their sessions.

import { $, button, element, say, tag } from "./dom.js";
import { trouble } from "./ask.js";
import { act } from "./again.js";
import { deviceItem, replaceItems } from "./devices.js";

// showUsers shows the users, if the identity is an administrator.
export async function showUsers(identity) {
  $("users-section").hidden = !identity.roles.includes("admin");
  if ($("users-section").hidden) return forgetUsers();
  if ($("users").childElementCount) return; // the actions below keep it up to date
  const answer = await act("GET", "/users");
  if ($("in").hidden) return; // the session ended meanwhile
  if (!answer.ok) return answer.status !== 401 && say("users-said", trouble(answer));
  $("users").replaceChildren(...answer.data.users.map((user) => userItem(user, user.id === identity.subject)));
}

const pathOf = (user, rest) => `/users/${encodeURIComponent(user.id)}/${rest}`;

function userItem(user, self) {
  const name = element("div", "", element("strong", user.name));
  const row = element("div", "", name);
  const sessions = sessionsOf(user);
  row.className = "row";
  // Administrators cannot lock themselves out: the server refuses it.
  if (self) name.append(" ", tag("you"));
  else row.append(disabler(user, name, () => sessions.dispatchEvent(new Event("toggle"))));
  return element("li", "", row, roleBoxes(user, self), sessions);
}

// Roles.

function roleBoxes(user, self) {
  const boxes = $("all-roles").textContent.trim().split(/\s+/).map((role) => roleBox(user, role, self));
  const legend = element("legend", `Roles of ${user.name}`);
  legend.className = "unseen";
  const set = element("fieldset", "", legend, ...boxes);
  set.addEventListener("change", (event) => inTurn(() => setRoles(user, set, event.target)));
  return set;
}

function roleBox(user, role, self) {
  const box = element("input");
  box.type = "checkbox";
  box.value = role;
  box.checked = user.roles.includes(role);
  box.disabled = self && role === "admin";
  return element("label", "", box, ` ${role}`);
}

// One request after the other, so that the last click takes effect.
let turn = Promise.resolve();
const inTurn = (task) => (turn = turn.then(task, task));

async function setRoles(user, set, box) {
  const roles = [...set.querySelectorAll("input:checked")].map((checked) => checked.value);
  const answer = await act("PUT", pathOf(user, "roles"), { roles });
  if (!answer.ok) box.checked = !box.checked;
  said(answer, `${user.name} is ${roles.join(" and ") || "nothing"} now.`);
}

// Disabled or not.

function disabler(user, name, changed) {
  const b = button("", "", async () => {
    const answer = await act("PUT", pathOf(user, "disabled"), { disabled: !user.disabled });
    if (answer.ok) user.disabled = !user.disabled;
    said(answer, `${user.name} is ${user.disabled ? "disabled and logged out everywhere" : "enabled"}.`);
    show();
    changed();
  });
  const mark = tag("disabled");
  mark.classList.add("bad");
  const show = () => {
    b.textContent = user.disabled ? "Enable" : "Disable";
    b.setAttribute("aria-label", `${b.textContent} ${user.name}`);
    mark.hidden = !user.disabled;
  };
  name.append(" ", mark);
  show();
  return b;
}

// Sessions.

function sessionsOf(user) {
  const summary = element("summary", `Sessions of ${user.name}`);
  const list = element("ul");
  list.className = "list";
  const all = button("End all", `End all sessions of ${user.name}`, () => end("sessions", `${user.name} is logged out everywhere.`));
  const end = async (path, text) => {
    const answer = await act("DELETE", pathOf(user, path));
    said(answer, text);
    load();
  };
  const load = async () => {
    const answer = await act("GET", pathOf(user, "sessions"));
    if (!answer.ok) return said(answer, "");
    const items = answer.data.sessions.map((device) => deviceItem(device, () => end(`sessions/${device.id}`, `${device.label} of ${user.name} is logged out.`)));
    replaceItems(list, items, summary);
    if (!items.length && document.activeElement === all) summary.focus();
    all.hidden = !items.length;
  };
  const details = element("details", "", summary, list, all);
  details.addEventListener("toggle", () => details.open && load());
  return details;
}

function said(answer, text) {
  if (answer.status !== 401) say("users-said", answer.ok || answer.status === 404 ? text : trouble(answer));
}

export function forgetUsers() {
  $("users").replaceChildren();
  say("users-said", "");
}
