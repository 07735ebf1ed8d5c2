// Commands as people name them: "preset save", with the options of that one.

const SUBCOMMAND = 1;
const GROUP = 2;
export const TYPE = { STRING: 3, INTEGER: 4, BOOLEAN: 5, USER: 6, CHANNEL: 7, NUMBER: 10, ATTACHMENT: 11 };

/** Every command that can be sent, subcommands in place of their groups: `{ path, description, options }`. */
export function flatten(commands) {
  return commands.filter((one) => (one.type ?? 1) === 1).flatMap((one) => leaves(one, one.name));
}

function leaves(node, path) {
  const inner = (node.options ?? []).filter((one) => one.type === SUBCOMMAND || one.type === GROUP);
  if (inner.length > 0) return inner.flatMap((one) => leaves(one, `${path} ${one.name}`));
  return [{ path, description: node.description, options: node.options ?? [] }];
}

/** Those whose path contains what was typed; paths that begin with it come first. */
export function matching(commands, typed) {
  const wanted = typed.replace(/^\//, "").trimStart().toLowerCase();
  const found = commands.filter((one) => one.path.includes(wanted));
  return found.sort((a, b) => Number(b.path.startsWith(wanted)) - Number(a.path.startsWith(wanted)));
}

/** The command that a typed line begins with, the longest path first. */
export function commandOf(commands, line) {
  const words = `${line.replace(/^\//, "")} `;
  return commands.filter((one) => words.startsWith(`${one.path} `)).sort((a, b) => b.path.length - a.path.length)[0];
}

/** The line that somebody would have typed: `/imagine prompt:a red fish`. */
export function asLine(path, values) {
  const options = Object.entries(values).map(([name, value]) => ` ${name}:${value}`);
  return `/${path}${options.join("")}`;
}

/** Choices that are known without asking the bot, or null. */
export function knownChoices(option, store) {
  if (option.choices?.length > 0) return option.choices;
  if (option.type === TYPE.BOOLEAN)
    return [
      { name: "true", value: true },
      { name: "false", value: false },
    ];
  if (option.type === TYPE.USER) return store.presence.people.map((one) => ({ name: one.username, value: one.id }));
  if (option.type === TYPE.CHANNEL) {
    return store.channels.filter((one) => one.guild_id).map((one) => ({ name: one.name, value: one.id }));
  }
  return null;
}
