// The live page: it adds notes to the list as they come, and says when the session has ended.

const wall = document.querySelector("#wall");
const notes = document.querySelector("#notes");
const connection = document.querySelector("#connection");
const maxNotes = 30;

// The browser reconnects by itself, and names the last note that it has.
const source = new EventSource(`/live/events?since=${wall.dataset.last}`);

source.addEventListener("open", () => say("connected"));
source.addEventListener("note", (e) => add(JSON.parse(e.data)));
source.addEventListener("ended", (e) => leave(JSON.parse(e.data).text));
source.addEventListener("error", () => {
  if (source.readyState === EventSource.CLOSED) {
    // The server has refused. Its answer to the page itself says why.
    say("not connected");
    setTimeout(() => location.reload(), 2000);
  } else {
    say("connecting again");
  }
});
addEventListener("pagehide", () => source.close());
addEventListener("pageshow", (e) => {
  if (e.persisted) location.reload(); // the browser kept the page, which may have become private
});

function say(state) {
  connection.textContent = state;
  connection.toggleAttribute("data-open", state === "connected");
}

function add(note) {
  const at = new Date(note.at);
  const time = make("time", at.toISOString().slice(11, 16));
  time.dateTime = note.at;
  const item = document.createElement("li");
  item.append(make("strong", note.by), " ", make("span", note.text), " ", time);
  notes.prepend(item);
  while (notes.children.length > maxNotes) notes.lastElementChild.remove();
}

function make(name, text) {
  const element = document.createElement(name);
  element.textContent = text; // never as HTML: users write notes
  return element;
}

// leave removes what only a logged-in user may see.
function leave(why) {
  source.close();
  for (const e of document.querySelectorAll("[data-private]")) e.remove();
  const ended = document.querySelector("#ended");
  ended.textContent = why;
  ended.hidden = false;
  document.querySelector("#again").hidden = false;
  document.title = "Logged out · Teahouse";
  ended.focus();
}
