// Requests, and what may come back.

// send returns the answer of the server. Without one the status is 0.
export async function send(method, path, body, headers) {
  const options = { method, cache: "no-store", headers: { ...headers } };
  if (body) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  try {
    const response = await fetch(path, options);
    const json = response.headers.get("Content-Type")?.includes("json");
    return {
      method, path, status: response.status, ok: response.ok, headers: response.headers,
      data: json ? await response.json() : null,
      retryAfter: Number(response.headers.get("Retry-After")) || 0, // seconds
    };
  } catch {
    return { method, path, status: 0, ok: false, data: { title: "The server does not answer" }, retryAfter: 0 };
  }
}

// problemOf is the last word of the type of a problem (RFC 9457): "session-revoked".
export const problemOf = (answer) => answer.data?.type?.split("/").pop() ?? "";

// isOutage reports that the server could not decide. That is never a reason to log a user out.
export const isOutage = (answer) => answer.status === 0 || answer.status === 502 || answer.status === 503 || answer.status === 504;
