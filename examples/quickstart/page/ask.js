// Requests to the server, and what refusals mean.

// ask sends a request and returns the answer. Without one the status is 0.
export async function ask(method, path, body) {
  const options = { method, cache: "no-store" };
  if (body) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  try {
    const response = await fetch(path, options);
    const type = response.headers.get("Content-Type") ?? "";
    const data = type.includes("json") ? await response.json() : null;
    return { method, path, status: response.status, ok: response.ok, data };
  } catch {
    return { method, path, status: 0, ok: false, data: { title: "The server does not answer" } };
  }
}

// problemOf is the last word of the type of a problem: "forbidden", "session-revoked".
export const problemOf = (answer) => answer.data?.type?.split("/").pop() ?? "";

// trouble is a problem in words.
export const trouble = (answer) => `${answer.data?.title ?? `Status ${answer.status}`}.`;

// sessionEnded lets page.js know that the session has ended, and why.
export function sessionEnded(reason) {
  document.dispatchEvent(new CustomEvent("session-ended", { detail: reason }));
}

// reasonOf is the reason that a refusal gives.
export const reasonOf = (answer) => problemOf(answer).replace("session-", "");
