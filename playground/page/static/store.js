// The page's state: set by the server's HELLO, then updated with every event.

const LOADING = 1 << 7;
const SETTLED_AFTER = 1500; // ms without an edit

/** Fires "reset", "channel", "message", "gone", "reactions", "presence", "commands" and "busy". */
export class Store extends EventTarget {
  user = null;
  guild = null;
  channels = [];
  channelId = "";
  presence = { bot: false, people: [] };
  messages = new Map(); // channel id → Map of message id → message
  unread = new Set();
  busy = false;
  #commands = [];
  #users = new Map();
  #dismissed = new Set();
  #changing = new Map();

  apply({ t, d }) {
    const handler = this[`on${t}`];
    if (handler) handler.call(this, d);
  }

  onHELLO(d) {
    const sameUser = this.user?.id === d.user.id;
    Object.assign(this, { user: d.user, guild: d.guild });
    this.#setPlaces(d);
    this.channelId = sameUser && d.channels.some(({ id }) => id === this.channelId) ? this.channelId : d.channel_id;
    if (!sameUser) this.unread.clear();
    this.bot = d.members.find(({ bot }) => bot);
    for (const user of d.members) this.#users.set(user.id, user);
    this.messages = new Map(
      d.channels.map(({ id }) => [id, new Map((d.messages[id] ?? []).map((message) => [message.id, message]))]),
    );
    this.#changing.clear();
    this.onPRESENCE(d.presence);
    this.#fire("reset");
    this.#settle();
  }

  onPRESENCE(d) {
    this.presence = d;
    for (const user of d.people) this.#users.set(user.id, user);
    this.#fire("presence");
  }

  onPLACES_UPDATE(d) {
    this.#setPlaces(d);
    for (const { id } of d.channels) if (!this.messages.has(id)) this.messages.set(id, new Map());
    if (!this.channel) this.go(d.channels[0].id);
    this.#fire("channel");
    this.#fire("commands");
  }

  onMESSAGE_CREATE(d) {
    this.#put(d);
    if (d.channel_id !== this.channelId && d.author.id !== this.user.id) {
      this.unread.add(d.channel_id);
      this.#fire("channel");
    }
  }

  onMESSAGE_UPDATE(d) {
    this.#changing.set(d.id, Date.now());
    setTimeout(() => this.#settle(), SETTLED_AFTER + 50);
    this.#put(d);
  }

  onMESSAGE_DELETE(d) {
    this.messages.get(d.channel_id)?.delete(d.id);
    this.#fire("gone", d);
    this.#settle();
  }

  onMESSAGE_REACTION_ADD(d) {
    const message = this.messages.get(d.channel_id)?.get(d.message_id);
    if (!message) return;
    message.reactions = d.reactions;
    this.#fire("reactions", message);
  }

  onMESSAGE_REACTION_REMOVE(d) {
    this.onMESSAGE_REACTION_ADD(d);
  }

  /** Switch to another channel. */
  go(channelId) {
    this.channelId = channelId;
    this.unread.delete(channelId);
    this.#fire("channel");
    this.#fire("reset");
  }

  /** Hide an ephemeral message on this page. */
  dismiss(message) {
    this.#dismissed.add(message.id);
    this.#fire("gone", message);
  }

  get channel() {
    return this.channels.find(({ id }) => id === this.channelId);
  }

  /** The commands that can be used in the current channel. */
  get commands() {
    const usable = new Set(this.channel?.commands);
    return this.#commands.filter(({ id }) => usable.has(id));
  }

  /** Names of what the user may do in the current channel. */
  get permissions() {
    return this.channel?.permissions ?? [];
  }

  /** The messages in the current channel, oldest first. */
  get shown() {
    return [...(this.messages.get(this.channelId)?.values() ?? [])].filter(({ id }) => !this.#dismissed.has(id));
  }

  find(messageId) {
    return this.messages.get(this.channelId)?.get(messageId);
  }

  nameOf(userId) {
    return this.#users.get(userId)?.username ?? "someone";
  }

  channelName(channelId) {
    return this.channels.find(({ id }) => id === channelId)?.name ?? "a channel";
  }

  #setPlaces({ channels, commands }) {
    this.channels = channels;
    this.#commands = commands;
  }

  #put(message) {
    const known = this.messages.get(message.channel_id);
    if (!known) return;
    known.set(message.id, message);
    if (message.channel_id === this.channelId && !this.#dismissed.has(message.id)) this.#fire("message", message);
    this.#settle();
  }

  /** Busy while messages keep changing, so that screen readers announce them once they settle. */
  #settle() {
    const now = Date.now();
    const busy = this.shown.some(
      ({ id, flags }) => flags & LOADING || now - (this.#changing.get(id) ?? 0) < SETTLED_AFTER,
    );
    if (busy !== this.busy) {
      this.busy = busy;
      this.#fire("busy");
    }
  }

  #fire(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
