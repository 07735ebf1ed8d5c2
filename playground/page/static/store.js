// What the page knows: replaced by the server's HELLO, then changed event by event.

const LOADING = 1 << 7;
const SETTLED_AFTER = 1500; // ms without an edit

/** Fires "reset", "channel", "message", "gone", "reactions", "presence", "commands" and "busy". */
export class Store extends EventTarget {
  user = null;
  guild = null;
  channels = [];
  channelId = "";
  commands = [];
  permissions = [];
  presence = { bot: false, people: [] };
  messages = new Map(); // channel id → Map of message id → message
  unread = new Set();
  busy = false;
  #users = new Map();
  #dismissed = new Set();
  #changing = new Map();

  apply({ t, d }) {
    const handler = this[`on${t}`];
    if (handler) handler.call(this, d);
  }

  onHELLO(d) {
    const sameUser = this.user?.id === d.user.id;
    Object.assign(this, { user: d.user, guild: d.guild, channels: d.channels, commands: d.commands });
    this.permissions = d.permissions;
    this.channelId = sameUser && d.channels.some((one) => one.id === this.channelId) ? this.channelId : d.channel_id;
    if (!sameUser) this.unread.clear();
    this.bot = d.members.find((one) => one.bot);
    for (const one of d.members) this.#users.set(one.id, one);
    this.messages = new Map(
      d.channels.map((one) => [one.id, new Map((d.messages[one.id] ?? []).map((message) => [message.id, message]))]),
    );
    this.#changing.clear();
    this.onPRESENCE(d.presence);
    this.#tell("reset");
    this.#settle();
  }

  onPRESENCE(d) {
    this.presence = d;
    for (const one of d.people) this.#users.set(one.id, one);
    this.#tell("presence");
  }

  onCOMMANDS_UPDATE(d) {
    this.commands = d;
    this.#tell("commands");
  }

  onMESSAGE_CREATE(d) {
    this.#put(d);
    if (d.channel_id !== this.channelId && d.author.id !== this.user.id) {
      this.unread.add(d.channel_id);
      this.#tell("channel");
    }
  }

  onMESSAGE_UPDATE(d) {
    this.#changing.set(d.id, Date.now());
    setTimeout(() => this.#settle(), SETTLED_AFTER + 50);
    this.#put(d);
  }

  onMESSAGE_DELETE(d) {
    this.messages.get(d.channel_id)?.delete(d.id);
    this.#tell("gone", d);
    this.#settle();
  }

  onMESSAGE_REACTION_ADD(d) {
    const message = this.messages.get(d.channel_id)?.get(d.message_id);
    if (!message) return;
    message.reactions = d.reactions;
    this.#tell("reactions", message);
  }

  onMESSAGE_REACTION_REMOVE(d) {
    this.onMESSAGE_REACTION_ADD(d);
  }

  /** Look at another channel. */
  go(channelId) {
    this.channelId = channelId;
    this.unread.delete(channelId);
    this.#tell("channel");
    this.#tell("reset");
  }

  /** Hide an ephemeral message, here alone. */
  dismiss(message) {
    this.#dismissed.add(message.id);
    this.#tell("gone", message);
  }

  get channel() {
    return this.channels.find((one) => one.id === this.channelId);
  }

  /** The messages of the channel that is looked at, the oldest first. */
  get shown() {
    return [...(this.messages.get(this.channelId)?.values() ?? [])].filter((one) => !this.#dismissed.has(one.id));
  }

  find(messageId) {
    return this.messages.get(this.channelId)?.get(messageId);
  }

  nameOf(userId) {
    return this.#users.get(userId)?.username ?? "somebody";
  }

  channelName(channelId) {
    return this.channels.find((one) => one.id === channelId)?.name ?? "a channel";
  }

  #put(message) {
    const known = this.messages.get(message.channel_id);
    if (!known) return;
    known.set(message.id, message);
    if (message.channel_id === this.channelId && !this.#dismissed.has(message.id)) this.#tell("message", message);
    this.#settle();
  }

  /** Busy is what still changes: screen readers hear of it once it has come to rest. */
  #settle() {
    const now = Date.now();
    const busy = this.shown.some(
      (one) => one.flags & LOADING || now - (this.#changing.get(one.id) ?? 0) < SETTLED_AFTER,
    );
    if (busy !== this.busy) {
      this.busy = busy;
      this.#tell("busy");
    }
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
