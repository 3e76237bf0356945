// What no application does: to show that it may.

import { took } from "./session.js";
import { send } from "./send.js";

// burst refreshes a hundred times at once, and returns how many were answered, and how many
// successors there were. Those that began after the first answer had it already.
export async function burst() {
  const answers = await Promise.all(Array.from({ length: 100 }, () => send("POST", "/refresh")));
  const good = answers.filter((answer) => answer.ok).map((answer) => answer.data);
  const rotated = good.filter((data) => data.generation);
  if (good.length) took(rotated[0] ?? good[0]);
  return { sent: answers.length, good: good.length, successors: new Set(rotated.map((data) => data.generation)).size };
}
