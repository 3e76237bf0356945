// What no application does: it shows that it could.

import { took } from "./session.js";
import { send } from "./send.js";

// burst refreshes a hundred times at once, and returns how many were answered, and with how many
// different tokens.
export async function burst() {
  const answers = await Promise.all(Array.from({ length: 100 }, () => send("POST", "/refresh")));
  const good = answers.filter((answer) => answer.ok).map((answer) => answer.data);
  const generations = new Set(good.map((data) => data.generation));
  if (good.length) took({ ...good[0], generation: Math.max(...generations) });
  return { sent: answers.length, good: good.length, different: generations.size };
}
