// Waiting for a server that cannot be asked.

export const outage = new EventTarget(); // "waiting", with the time of the next attempt, and "over"

const longest = 30; // seconds
const sleepers = new Set();
let waiting = false;

// pause returns when it is time to ask again: after Retry-After, or else after increasing delays.
export function pause(answer, attempt) {
  const seconds = answer.retryAfter || Math.min(2 ** attempt, longest);
  const delay = 1000 * seconds * (1 + Math.random() / 4); // so that not all tabs ask at once
  waiting = true;
  outage.dispatchEvent(new CustomEvent("waiting", { detail: Date.now() + delay }));
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      sleepers.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, delay);
    sleepers.add(wake);
  });
}

// over is called when the server has answered.
export function over() {
  if (!waiting) return;
  waiting = false;
  outage.dispatchEvent(new Event("over"));
}

// askNow ends all pauses.
export const askNow = () => sleepers.forEach((wake) => wake());

addEventListener("online", askNow);
