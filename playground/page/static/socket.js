// The websocket: numbered requests with responses, events, and automatic reconnection.

const FIRST_WAIT = 300; // ms
const LONGEST_WAIT = 4000; // ms

/** An action was refused; the message is a sentence to show. */
export class Refused extends Error {}

/** Fires "event" (detail: an event from the server) and "state" (detail: "open" or "lost"). */
export class Socket extends EventTarget {
  #socket = null;
  #person = "";
  #number = 0;
  #waiting = new Map();
  #wait = FIRST_WAIT;
  #timer = 0;

  /** Connect as `person`. */
  connect(person) {
    this.#person = person;
    clearTimeout(this.#timer);
    this.#wait = FIRST_WAIT;
    this.#socket?.close();
    this.#open();
  }

  /** Perform an action; resolves to its result. Throws Refused. */
  send(op, data = {}) {
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      return Promise.reject(new Refused("Can't reach the playground right now; what you typed is still here."));
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
      this.#fire("state", "open");
    };
    socket.onmessage = (event) => this.#socket === socket && this.#receive(JSON.parse(event.data));
    socket.onclose = () => this.#socket === socket && this.#lost();
  }

  #receive(frame) {
    if (frame.t) return this.#fire("event", frame);
    const waiting = this.#waiting.get(frame.n);
    this.#waiting.delete(frame.n);
    if (frame.ok) waiting?.done(frame.d);
    else waiting?.failed(new Refused(frame.error));
  }

  #lost() {
    for (const { failed } of this.#waiting.values()) failed(new Refused("The connection was lost; please try again."));
    this.#waiting.clear();
    this.#fire("state", "lost");
    this.#timer = setTimeout(() => this.#open(), this.#wait);
    this.#wait = Math.min(this.#wait * 1.6, LONGEST_WAIT);
  }

  #fire(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
