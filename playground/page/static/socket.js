// The websocket: numbered questions with answers, events, and coming back by itself.

const FIRST_WAIT = 300; // ms
const LONGEST_WAIT = 4000; // ms

/** What a person tried was refused; the message is one sentence. */
export class Refused extends Error {}

/** Fires "event" (detail: an event of the server) and "state" (detail: "open" or "lost"). */
export class Socket extends EventTarget {
  #socket = null;
  #person = "";
  #number = 0;
  #waiting = new Map();
  #wait = FIRST_WAIT;
  #timer = 0;

  /** Look at the playground as `person` from now on. */
  connect(person) {
    this.#person = person;
    clearTimeout(this.#timer);
    this.#wait = FIRST_WAIT;
    this.#socket?.close();
    this.#open();
  }

  /** Do something; resolves to its answer. Throws Refused. */
  send(op, data = {}) {
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      return Promise.reject(new Refused("The playground cannot be reached just now; what you typed is still here."));
    }
    const n = ++this.#number;
    this.#socket.send(JSON.stringify({ ...data, op, n }));
    return new Promise((done, failed) => this.#waiting.set(n, { done, failed }));
  }

  #open() {
    const url = new URL("/playground/ws", location.href);
    url.protocol = location.protocol.replace("http", "ws");
    url.searchParams.set("person", this.#person);
    const socket = (this.#socket = new WebSocket(url));
    socket.onopen = () => {
      this.#wait = FIRST_WAIT;
      this.#tell("state", "open");
    };
    socket.onmessage = (event) => this.#socket === socket && this.#hear(JSON.parse(event.data));
    socket.onclose = () => this.#socket === socket && this.#lost();
  }

  #hear(frame) {
    if (frame.t) return this.#tell("event", frame);
    const waiting = this.#waiting.get(frame.n);
    this.#waiting.delete(frame.n);
    if (frame.ok) waiting?.done(frame.d);
    else waiting?.failed(new Refused(frame.error));
  }

  #lost() {
    for (const { failed } of this.#waiting.values()) failed(new Refused("The connection was lost; please try again."));
    this.#waiting.clear();
    this.#tell("state", "lost");
    this.#timer = setTimeout(() => this.#open(), this.#wait);
    this.#wait = Math.min(this.#wait * 1.6, LONGEST_WAIT);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
