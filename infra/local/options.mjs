// Read before anything is installed or built, so that a misspelt option costs no minute: plain JavaScript, without dependencies.
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** @typedef {{ help: boolean, port: number, data: string, empty: boolean, eventStore: string, natsUrl?: string, databaseUrl?: string }} StartOptions */
/** @typedef {{ help: boolean, data: string }} StatusOptions */
/** @typedef {{ data: string, args: string[] }} ViewsOptions */
/**
 * @typedef {{ command: 'copy', from: string, to: string, log?: string }
 *   | { command: 'renew-log-id', server: string, log: string }
 *   | { command: 'other', args: string[] }} StoreOptions
 */
/** @typedef {{ help: boolean, backup: string, data: string }} BackupOptions */
/** @typedef {{ help: boolean, role: 'librarian' | 'member', user?: string, data: string }} TokenOptions */

export class UsageError extends Error {
  name = 'UsageError';
}

export const startOptions = {
  usage: `Runs the whole library on this machine: NATS, Postgres, the services, the views and the edge.

  npm start -- [options]

  --port PORT          the port of the edge on 127.0.0.1 (3000)
  --data DIR           where all state lives (.shelfmark in the project's folder)
  --empty              begin with an empty catalogue, not with the demo's 1,000 books (asked at the first run only)
  --event-store STORE  where the logs are: embedded in the services (the default); dev-server, a server of the
                       KurrentDB protocol that is started too; or kurrentdb://…, a server of yours (25.1 or newer)
  --nats-url URL       use this NATS server (2.9 or newer, with JetStream) instead of starting one; all processes use this URL as
                       it is, so its user has to be let do what they all do
  --database-url URL   use this Postgres (15 or newer) instead of starting one; all processes use the role in this URL
  --help               print this

In the environment, NATS_SERVER names the NATS server's binary and POSTGRES_BIN the folder of Postgres' binaries; OIDC_ISSUER names
an issuer of yours in the place of the one that comes with the data folder: docs/operations/sign-in.md.
`,

  /** @returns {StartOptions} @throws {UsageError} */
  parse(args, root) {
    const values = parse(args, {
      port: { type: 'string', default: '3000' },
      data: { type: 'string', default: join(root, '.shelfmark') },
      empty: { type: 'boolean', default: false },
      'event-store': { type: 'string', default: 'embedded' },
      'nats-url': { type: 'string' },
      'database-url': { type: 'string' },
      help: { type: 'boolean', default: false },
    });
    return {
      help: values.help,
      port: portOf(values.port),
      data: directoryOf(values.data),
      empty: values.empty,
      eventStore: eventStoreOf(values['event-store']),
      ...urlOf('natsUrl', '--nats-url', values['nats-url'], ['nats', 'tls']),
      ...urlOf('databaseUrl', '--database-url', values['database-url'], ['postgres', 'postgresql']),
    };
  },
};

export const statusOptions = {
  usage: `Shows what runs, and how far each view is. Exits with 0 when all is ready, with 1 otherwise.

  npm run status -- [--data DIR]
`,

  /** @returns {StatusOptions} @throws {UsageError} */
  parse(args, root) {
    const values = parse(args, {
      data: { type: 'string', default: join(root, '.shelfmark') },
      help: { type: 'boolean', default: false },
    });
    return { help: values.help, data: directoryOf(values.data) };
  },
};

export const viewsOptions = {
  usage: `Looks after the views; \`npm run views -- --help\` says how.
`,

  /** Takes out --data, and leaves the rest to the program that knows the views. @returns {ViewsOptions} @throws {UsageError} */
  parse(args, root) {
    const { tokens } = parseArgs({ args, options: { data: { type: 'string' } }, strict: false, tokens: true });
    const found = tokens.filter(({ kind, name }) => kind === 'option' && name === 'data');
    const taken = new Set(found.flatMap(({ index, inlineValue }) => (inlineValue ? [index] : [index, index + 1])));
    const last = found.at(-1);
    if (last && typeof last.value !== 'string') throw new UsageError('--data takes the path of a folder');
    return {
      data: directoryOf(last ? last.value : join(root, '.shelfmark')),
      args: args.filter((_, index) => !taken.has(index)),
    };
  },
};

export const storeOptions = {
  usage: `Looks after logs.

  npm run store -- copy [DIR] --to kurrentdb://… [--log NAME]
      moves a library's logs to a KurrentDB server, where the services go on with them: the same positions, the same log ids.
      DIR is the library's data folder (.shelfmark), or the folder of one log. The library must not run. Interrupted, the same
      command goes on; at the end every event of both sides is compared. NAME is what a single log is called on the
      server, shelfmark.book for book-service unless said otherwise.
  npm run store -- renew-log-id kurrentdb://… NAME
      after a restore of the server's own backup: mirrors and views of the log are made anew
  npm run store -- verify | export | import …
      embedded logs; \`npm run store -- help\` says how
`,

  /** @returns {StoreOptions} @throws {UsageError} */
  parse(args, root) {
    const [command, ...rest] = args;
    if (command !== 'copy' && command !== 'renew-log-id') {
      if (command === undefined || command === '--help' || command === '-h')
        throw new UsageError('What is to be done?');
      return { command: 'other', args };
    }
    const { values, positionals } = parseAll(rest, {
      to: { type: 'string' },
      log: { type: 'string' },
      help: { type: 'boolean', default: false },
    });
    if (values.help) throw new UsageError('This is how:');
    if (command === 'renew-log-id') {
      const [server, log] = positionals;
      if (positionals.length !== 2 || values.to !== undefined || values.log !== undefined) {
        throw new UsageError('renew-log-id takes a connection string and the name of a log');
      }
      return { command, server: connectionStringOf('renew-log-id', server), log };
    }
    if (positionals.length > 1) throw new UsageError('copy takes one folder');
    if (values.to === undefined) throw new UsageError('copy needs --to');
    return {
      command,
      from: directoryOf(positionals[0] ?? join(root, '.shelfmark')),
      to: connectionStringOf('--to', values.to),
      ...(values.log !== undefined && { log: values.log }),
    };
  },
};

export const tokenOptions = {
  usage: `Prints an access token for the library on a data folder, good for twelve hours. It need not run.

  npm run -s token -- --role ROLE [--user ID] [--data DIR]

  --role ROLE  librarian or member
  --user ID    the reader that its bearer is: a member sees and changes what is theirs
  --data DIR   the data folder of the system (.shelfmark in the project's folder)
`,

  /** @returns {TokenOptions} @throws {UsageError} */
  parse(args, root) {
    const { role, user, data, help } = parse(args, {
      role: { type: 'string' },
      user: { type: 'string' },
      data: { type: 'string', default: join(root, '.shelfmark') },
      help: { type: 'boolean', default: false },
    });
    if (help) return { help };
    if (role !== 'librarian' && role !== 'member') throw new UsageError('--role takes librarian or member');
    if (user !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(user)) {
      throw new UsageError("--user takes a reader's id, a UUID in lower case");
    }
    return { help, role, ...(user !== undefined && { user }), data: directoryOf(data) };
  },
};

const backupUsages = {
  backup: `Copies the logs of a library, which may be running, into a new folder, and reads back what was written.

  npm run backup -- FOLDER [--data DIR]
`,
  restore: `Makes a new data folder of a backup; \`npm start -- --data DIR\` runs it then.

  npm run restore -- FOLDER --data DIR
`,
};

/** @param {'backup' | 'restore'} command */
export const backupOptions = (command) => ({
  usage: backupUsages[command],

  /** @returns {BackupOptions} @throws {UsageError} */
  parse(args, root) {
    const { values, positionals } = parseAll(args, {
      data: { type: 'string' },
      help: { type: 'boolean', default: false },
    });
    if (values.help) return { help: true };
    if (positionals.length !== 1) throw new UsageError('There must be one folder, that of the backup');
    // Nobody restores over the library that runs by accident.
    if (command === 'restore' && values.data === undefined)
      throw new UsageError('--data says where the library is restored');
    const data = directoryOf(values.data ?? join(root, '.shelfmark'));
    return { help: false, backup: directoryOf(positionals[0]), data };
  },
});

/** Ends the process with code 2 and a message when an option is wrong. */
export function readOptions(options, args, root, fail) {
  try {
    return options.parse(args, root);
  } catch (error) {
    if (error instanceof UsageError) fail(`${error.message}\n\n${options.usage}`, 2);
    throw error;
  }
}

function parse(args, options) {
  return parseAll(args, options, false).values;
}

function parseAll(args, options, allowPositionals = true) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals });
  } catch (error) {
    // Not repeated: it may be a URL with a password, cut from its option.
    if (error.code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') {
      throw new UsageError('There is an argument that belongs to no option');
    }
    // The first sentence. Node goes on with advice on `--`, which npm has eaten already.
    throw new UsageError(error.message.split(/\.\s/)[0]);
  }
}

function portOf(text) {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) {
    throw new UsageError(`--port takes a number from 1 to 65535, not "${text}"`);
  }
  return port;
}

/** npm runs scripts in the project's folder, and tells in INIT_CWD where the user stood when typing a relative path. */
function directoryOf(text) {
  if (text === '') throw new UsageError('--data takes the path of a folder');
  return resolve(process.env['INIT_CWD'] ?? process.cwd(), text);
}

function isConnectionString(text) {
  return /^(kurrentdb|kurrent|kdb|esdb)(\+discover)?:\/\/./.test(text);
}

function connectionStringOf(option, text) {
  if (isConnectionString(text)) return text;
  throw new UsageError(`${option} takes kurrentdb://[user:password@]host[:port][?options]`);
}

/** What else is wrong with a connection string, the client of the server knows. It may hold a password, and is not repeated. */
function eventStoreOf(text) {
  if (text === 'embedded' || text === 'dev-server' || isConnectionString(text)) return text;
  throw new UsageError(
    '--event-store takes embedded, dev-server, or kurrentdb://[user:password@]host[:port][?options]',
  );
}

/** A URL may hold a password, so a message never repeats it. */
function urlOf(key, option, text, protocols) {
  if (text === undefined) return {};
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url?.hostname || !protocols.includes(url.protocol.slice(0, -1))) {
    throw new UsageError(`${option} takes a URL of the form ${protocols[0]}://[user:password@]host[:port]`);
  }
  return { [key]: text };
}
