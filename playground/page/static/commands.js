// Commands by their full names, such as "preset save", with their options.

const SUBCOMMAND = 1;
const GROUP = 2;
export const TYPE = { STRING: 3, INTEGER: 4, BOOLEAN: 5, USER: 6, CHANNEL: 7, NUMBER: 10, ATTACHMENT: 11 };

/** Every usable command, with groups replaced by their subcommands: `{ path, description, options }`. */
export function flatten(commands) {
  return commands.filter(({ type }) => (type ?? 1) === 1).flatMap((command) => leaves(command, command.name));
}

function leaves(node, path) {
  const inner = (node.options ?? []).filter(({ type }) => type === SUBCOMMAND || type === GROUP);
  if (inner.length > 0) return inner.flatMap((child) => leaves(child, `${path} ${child.name}`));
  return [{ path, description: node.description, options: node.options ?? [] }];
}

/** The commands whose path contains the typed text, those that start with it first. */
export function matching(commands, typed) {
  const wanted = typed.replace(/^\//, "").trimStart().toLowerCase();
  const found = commands.filter(({ path }) => path.includes(wanted));
  return found.sort((a, b) => Number(b.path.startsWith(wanted)) - Number(a.path.startsWith(wanted)));
}

/** The command that a typed line starts with; the longest path wins. */
export function commandOf(commands, line) {
  const words = `${line.replace(/^\//, "")} `;
  return commands.filter(({ path }) => words.startsWith(`${path} `)).sort((a, b) => b.path.length - a.path.length)[0];
}

/** The command as a typed line: `/imagine prompt:a red fish`. */
export function asLine(path, values) {
  const options = Object.entries(values).map(([name, value]) => ` ${name}:${value}`);
  return `/${path}${options.join("")}`;
}

/** Choices known without asking the bot, or null. */
export function knownChoices(option, store) {
  if (option.choices?.length > 0) return option.choices;
  if (option.type === TYPE.BOOLEAN)
    return [
      { name: "true", value: true },
      { name: "false", value: false },
    ];
  if (option.type === TYPE.USER) return store.presence.people.map(({ username, id }) => ({ name: username, value: id }));
  if (option.type === TYPE.CHANNEL) {
    return store.channels.filter(({ guild_id }) => guild_id).map(({ name, id }) => ({ name, value: id }));
  }
  return null;
}
