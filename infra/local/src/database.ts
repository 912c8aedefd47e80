import { join } from 'node:path';
import { run } from './command.js';
import { makePrivateDirectory, readOrMakeSecret } from './private-files.js';

/** A Postgres as the processes that use it are told of it. */
export interface Database {
  /** With the role and the password of a process. */
  readonly urlOf: (process: string) => string;
  /** Resolves once the roles are there; does nothing where they have been made. The server has to run. */
  readonly prepared: () => Promise<void>;
}

/** A Postgres that somebody else looks after: all processes go by the role in its URL. */
export function foreignDatabase(url: string): Database {
  return { urlOf: () => url, prepared: async () => undefined };
}

/**
 * A Postgres of our own, in which each process has a role of its own.
 * @param options.ownerUrl of the role that may make the others
 * @param options.directory where the passwords are kept
 * @param options.processes those that use it
 */
export function ownDatabase(options: {
  readonly root: string;
  readonly ownerUrl: string;
  readonly directory: string;
  readonly processes: readonly string[];
}): Database {
  const { root, ownerUrl, directory, processes } = options;
  const passwords = join(directory, 'passwords');
  const passwordOf = (process: string) => {
    makePrivateDirectory(passwords);
    return readOrMakeSecret(join(passwords, roleOf(process)));
  };
  let preparing: Promise<void> | undefined;

  async function prepare(): Promise<void> {
    const env: NodeJS.ProcessEnv = { ...process.env, DATABASE_URL: ownerUrl };
    for (const name of processes) env[`DATABASE_PASSWORD_${roleOf(name).toUpperCase()}`] = passwordOf(name);
    await run(process.execPath, [join(root, 'aggregators', 'dist', 'prepare.js')], { env });
  }

  return {
    urlOf(process) {
      const url = new URL(ownerUrl);
      url.username = roleOf(process);
      url.password = passwordOf(process);
      return url.href;
    },
    prepared() {
      preparing ??= prepare().catch((error: unknown) => {
        preparing = undefined;
        throw error;
      });
      return preparing;
    },
  };
}

/** `view-books` → `view_books` */
export function roleOf(process: string): string {
  return process.replaceAll('-', '_');
}
