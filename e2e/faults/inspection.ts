import { type StreamInfo, jetstreamManager } from '@nats-io/jetstream';
import { connectToNats } from '@shelfmark/messaging';
import pg from 'pg';
import { isDoneAlready } from './commands.js';
import { checkRegister } from './entity-register.js';
import type { Attempt, Event, OwnerRead } from './history.js';
import { type Library, until } from './library.js';
import { byStream } from './logged-event.js';
import { type AllLogs, type Log, type Service, servedAfter, services } from './logs.js';
import { type MirrorLink, checkMirror } from './mirror-chain.js';
import {
  checkAddresses,
  checkAnswers,
  checkKept,
  checkLending,
  checkLog,
  checkTransactions,
  checkViewReads,
  type ViewsInRound,
  unsettled,
} from './rules.js';
import { type Row, checkRows, viewTables } from './view-rows.js';

/** How far a mirror was proved, so that the next round need not read it all again. */
interface ProvedMirror {
  readonly created: string;
  readonly links: readonly MirrorLink[];
}

/** How long the library may take to be as it should, once nothing is in its way. */
const recoveryMs = 180_000;
/** How long a server may take for one answer; only one that does not answer at all takes that long. */
const answerMs = 60_000;
const linksAtOnce = 200;

/** Looks at all that the library holds, round after round, and compares it with what clients were told. */
export class Inspection {
  readonly #kept = new Map<Service, readonly string[]>();
  readonly #mirrors = new Map<Service, ProvedMirror>();
  /** Up to where it was proved that the server gives what it has. */
  readonly #served = new Map<Service, string>();

  constructor(private readonly library: Library) {}

  /** Waits until everything runs, nothing is under way, and mirrors and views are where the logs are. */
  async recovered(): Promise<AllLogs> {
    let missing: string[] = ['nothing was looked at yet'];
    let logs!: AllLogs;
    await until(
      async () => {
        this.library.wake();
        missing = await this.library.waitingFor();
        if (missing.length > 0) return false;
        logs = await this.library.logs();
        missing = unsettled({ user: logs.user.events, book: logs.book.events, rent: logs.rent.events });
        if (missing.length === 0) missing = await this.#behind(logs);
        return missing.length === 0;
      },
      recoveryMs,
      () => missing.slice(0, 10).join('; '),
    );
    return logs;
  }

  /**
   * Once everything has recovered. A timer may act at any moment, also when nobody asks for anything: where something seems
   * wrong and a log has grown meanwhile, all is looked at again.
   * @returns everything that is wrong, and the logs that it was compared with
   */
  async inspect(
    recovered: AllLogs,
    history: readonly Event[],
    views: ViewsInRound,
  ): Promise<{ readonly logs: AllLogs; readonly faults: string[] }> {
    for (let logs = recovered; ; logs = await this.recovered()) {
      const faults = await this.#check(logs, history, views);
      if (faults.length === 0 || !(await this.#hasGrown(logs))) return { logs, faults };
    }
  }

  async #hasGrown(logs: AllLogs): Promise<boolean> {
    const now = await this.library.logs();
    return services.some((service) => now[service].events.length > logs[service].events.length);
  }

  async #check(logs: AllLogs, history: readonly Event[], views: ViewsInRound): Promise<string[]> {
    const plain = { user: logs.user.events, book: logs.book.events, rent: logs.rent.events };
    const faults = services.flatMap((service) => [
      ...checkLog(service, plain[service], { isDense: this.library.store === 'embedded' }),
      ...checkKept(service, this.#kept.get(service) ?? [], plain[service]),
      ...checkTransactions(service, plain[service]),
    ]);
    for (const service of services)
      this.#kept.set(
        service,
        plain[service].map(({ id }) => id),
      );
    faults.push(
      ...checkLending(plain.rent),
      ...checkAddresses(plain.user),
      ...checkAnswers(history),
      ...checkViewReads(history, plain, views),
      ...checkRegisters(logs, history),
      ...(await this.#checkViews(logs)),
    );
    for (const service of services) {
      faults.push(
        ...(await this.#checkMirror(service, logs[service])),
        ...(await this.#checkServed(service, logs[service])),
      );
    }
    return faults;
  }

  /** What a server gives of a log is what lies there. */
  async #checkServed(service: Service, { events }: Log): Promise<string[]> {
    const { eventStoreUrl } = this.library;
    if (eventStoreUrl === undefined) return [];
    const after = this.#served.get(service);
    const given = await servedAfter(eventStoreUrl, service, after);
    const due = events.slice(events.findIndex(({ position }) => position === after) + 1);
    if (due.length > 0) this.#served.set(service, due.at(-1)!.position);
    const wrong = due.findIndex(
      ({ id, position }, index) => given[index]?.id !== id || given[index].position !== position,
    );
    if (given.length !== due.length) return [`the server gives ${given.length} of ${due.length} events of ${service}`];
    return wrong < 0 ? [] : [`the server gives another event of ${service} than that at ${due[wrong]!.position}`];
  }

  /** Which views are not where the logs are. */
  async #behind(logs: AllLogs): Promise<string[]> {
    return this.#database(async (client) => {
      const behind: string[] = [];
      for (const { view } of viewTables) {
        const { rows } = await client.query<{ source: Service; log_id: string | null; position: string | null }>(
          `SELECT source, log_id, position::text FROM ${view}.checkpoint`,
        );
        if (rows.length === 0) behind.push(`view ${view} has no checkpoint`);
        for (const { source, log_id: logId, position } of rows) {
          const { id, events } = logs[source];
          const end = events.at(-1)?.position;
          if (end === undefined || (logId === id && position === end)) continue;
          behind.push(`view ${view} is at ${source}@${position}, the log's end is ${end}`);
        }
      }
      return behind;
    }).catch((error: unknown) => [`the views cannot be read: ${(error as Error).message}`]);
  }

  async #checkViews(logs: AllLogs): Promise<string[]> {
    const plain = { user: logs.user.events, book: logs.book.events, rent: logs.rent.events };
    return this.#database(async (client) => {
      const faults: string[] = [];
      for (const { view, select, fold } of viewTables) {
        const { rows } = await client.query<Row>(select);
        faults.push(...checkRows(view, fold(plain), rows));
        const { rows: letters } = await client.query<{ event_type: string; error_name: string }>(
          `SELECT event_type, error_name FROM ${view}.dead_letter`,
        );
        for (const { event_type: type, error_name: error } of letters) {
          faults.push(`view ${view} could not show a ${type} (${error})`);
        }
      }
      return faults;
    });
  }

  async #database<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> {
    const client = new pg.Client({ connectionString: this.library.databaseUrl, statement_timeout: answerMs });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async #checkMirror(service: Service, log: Log): Promise<string[]> {
    if (log.events.length === 0) return [];
    const connection = await connectToNats({ url: this.library.natsUrl, name: 'inspection' });
    try {
      const { streams } = await jetstreamManager(connection, { timeout: answerMs });
      const name = service.toUpperCase();
      // A view can be ahead of the acknowledgements, never of the messages; the relay may just be making the mirror anew.
      let found: StreamInfo | undefined;
      await until(
        async () => {
          found = await streams.info(name).catch(() => undefined);
          return (found?.state.messages ?? -1) >= log.events.length;
        },
        recoveryMs,
        () => `mirror ${service} holds ${found?.state.messages} of ${log.events.length} events`,
      );
      const { created, config, state } = found!;
      const proved = this.#mirrors.get(service);
      const links = proved?.created === created ? [...proved.links] : [];
      while (links.length < state.messages) {
        const next = Array.from(
          { length: Math.min(linksAtOnce, state.messages - links.length) },
          (_, index) => links.length + index + 1,
        );
        links.push(...(await Promise.all(next.map((seq) => streams.getMessage(name, { seq }).then(linkOf)))));
      }
      this.#mirrors.set(service, { created, links });
      const { generation } = JSON.parse(config.description ?? '{}') as { generation?: number };
      return checkMirror(service, { logId: log.id, generation: String(generation) }, links, log.events);
    } finally {
      await connection.close();
    }
  }
}

function linkOf(message: { readonly seq: number; readonly header: { get(name: string): string } } | null): MirrorLink {
  const header = (name: string) => message?.header.get(name) ?? '';
  return {
    sequence: message?.seq ?? -1,
    id: header('ce-id'),
    logId: header('ce-logid'),
    generation: header('ce-generation'),
    position: header('ce-position'),
    previousPosition: header('ce-previousposition') || undefined,
  };
}

/** Each entity that somebody was told of. */
function checkRegisters(logs: AllLogs, history: readonly Event[]): string[] {
  const streams = byStream(services.flatMap((service) => logs[service].events));
  const told = new Map<string, (Attempt | OwnerRead)[]>();
  for (const event of history) {
    if (event.kind !== 'attempt' && event.kind !== 'ownerRead') continue;
    for (const stream of event.kind === 'attempt' ? event.streams : [event.stream]) {
      const known = told.get(stream);
      if (known) known.push(event);
      else told.set(stream, [event]);
    }
  }
  return [...told].flatMap(([stream, events]) => {
    const fault = checkRegister(stream, streams.get(stream) ?? [], events, isDoneAlready);
    return fault === undefined ? [] : [fault];
  });
}
