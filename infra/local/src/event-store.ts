import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endingWithParent, type Command } from './command.js';
import { makePrivateDirectory, writePrivateFile } from './private-files.js';

/** Where a library's logs can be: in its services, on a server that runs beside them, or on one that somebody else looks after. */
export type EventStoreKind = 'embedded' | 'dev-server' | 'server';

export function kindOf(eventStore: string): EventStoreKind {
  return eventStore === 'embedded' || eventStore === 'dev-server' ? eventStore : 'server';
}

/** What to call it, without credentials. */
export function eventStoreName(eventStore: string): string {
  if (kindOf(eventStore) !== 'server') return eventStore;
  const [authority] = eventStore.slice(eventStore.indexOf('://') + 3).split(/[/?]/, 1);
  return `server at ${authority!.slice(authority!.lastIndexOf('@') + 1)}`;
}

/** The logs are somewhere else: begun elsewhere, the library would be empty. */
export class OtherEventStore extends Error {
  override readonly name = 'OtherEventStore';
  constructor(
    readonly kind: EventStoreKind,
    data: string,
  ) {
    super(
      {
        embedded: `The logs in ${data} are embedded in its services. Start it without --event-store, or move them: npm run store -- copy --help`,
        'dev-server': `The logs in ${data} are on its development server. Start it with --event-store dev-server.`,
        server: `The logs of ${data} are on a server. Start it with --event-store kurrentdb://… and where that is.`,
      }[kind],
    );
  }
}

/** Which kind of store a data folder's library began with, or was moved to. */
export class EventStoreChoice {
  readonly #file: string;

  constructor(private readonly data: string) {
    this.#file = join(data, 'event-store.txt');
  }

  /** @throws OtherEventStore */
  assert(kind: EventStoreKind): void {
    const made = this.kind;
    if (made === undefined) this.make(kind);
    else if (made !== kind) throw new OtherEventStore(made, this.data);
  }

  make(kind: EventStoreKind): void {
    writePrivateFile(this.#file, `${kind}\n`);
  }

  /** Nothing where there is no library yet. */
  get kind(): EventStoreKind | undefined {
    if (existsSync(this.#file)) return readFileSync(this.#file, 'utf8').trim() as EventStoreKind;
    return embeddedLogs(this.data).length > 0 ? 'embedded' : undefined;
  }
}

/** Why a server of somebody else's cannot be used, if so: it is not there, too old, or does not take the credentials. */
export async function eventStoreProblem(connectionString: string): Promise<Error | undefined> {
  // The client brings a native part of its own; only those load it who use a server.
  const { serverProblem } = await import('@shelfmark/event-store-kurrentdb');
  return serverProblem(connectionString);
}

export interface EmbeddedLog {
  /** As `book`. */
  readonly service: string;
  readonly directory: string;
}

/** The embedded logs of a library. */
export function embeddedLogs(data: string): readonly EmbeddedLog[] {
  const services = join(data, 'services');
  if (!existsSync(services)) return [];
  return readdirSync(services)
    .filter((name) => existsSync(join(services, name, 'data.mdb')))
    .map((name) => ({ service: serviceWord(name), directory: join(services, name) }));
}

/** `book-service` → `book` */
export function serviceWord(folder: string): string {
  return folder.replace(/-service$/, '');
}

/** The server that `dev-server` means, with its data below `directory`. It keeps nobody out who can reach loopback. */
export function setUpDevServer(root: string, directory: string, port: number): { url: string; command: Command } {
  makePrivateDirectory(directory);
  const program = join(root, 'packages', 'eventstoredb-server', 'shelfmark-eventstoredb.mjs');
  const own = [program, '--port', String(port), '--data', directory, '--insecure'];
  const [file = process.execPath, ...args] = [...endingWithParent('TERM'), process.execPath, ...own];
  return {
    url: `kurrentdb://127.0.0.1:${port}?tls=false`,
    command: { file, args, env: process.env, cwd: root, probe: { kind: 'tcp', host: '127.0.0.1', port } },
  };
}
