import { Refused, systemRecord, type EventDatabase } from './event-database.js';
import { fromLog } from './event.js';
import { groupsStream } from './own-streams.js';
import { checkpointStream, parkedStream, PersistentSubscription, type GroupConfig } from './persistent-subscription.js';

export class GroupExists extends Error {
  override readonly name = 'GroupExists';
  constructor(
    readonly source: string,
    readonly group: string,
  ) {
    super(`Subscription group ${group} on stream ${source} exists.`);
  }
}

export class GroupNotFound extends Error {
  override readonly name = 'GroupNotFound';
  constructor(
    readonly source: string,
    readonly group: string,
  ) {
    super(`Subscription group ${group} on stream ${source} does not exist.`);
  }
}

/** All persistent subscriptions. Which there are is the last event of a stream of its own. */
export class PersistentSubscriptions {
  readonly #database: EventDatabase;
  #groups: PersistentSubscription[] = [];
  /** Changes happen one after the other. */
  #changing: Promise<void> = Promise.resolve();

  private constructor(database: EventDatabase) {
    this.#database = database;
  }

  static async open(database: EventDatabase): Promise<PersistentSubscriptions> {
    const subscriptions = new PersistentSubscriptions(database);
    await subscriptions.#load();
    return subscriptions;
  }

  list(source?: string): readonly PersistentSubscription[] {
    return this.#groups.filter(({ config }) => source === undefined || config.source === source);
  }

  /** @throws GroupNotFound */
  get(source: string, group: string): PersistentSubscription {
    const found = this.#groups.find(({ config }) => config.source === source && config.group === group);
    if (found === undefined) throw new GroupNotFound(source, group);
    return found;
  }

  /** @throws GroupExists */
  create(config: GroupConfig): Promise<void> {
    return this.#change(async () => {
      const { source, group } = config;
      if (this.#groups.some((other) => other.config.source === source && other.config.group === group)) {
        throw new GroupExists(source, group);
      }
      await this.#save([...this.#configs, config]);
      this.#groups.push(await PersistentSubscription.open(this.#database, config));
    });
  }

  /**
   * Changes a group's settings; its consumers have to connect again, and it goes on from its checkpoint.
   * @throws GroupNotFound
   */
  update(config: GroupConfig): Promise<void> {
    return this.#change(async () => {
      const old = this.get(config.source, config.group);
      // What it is subscribed to cannot change.
      const changed = { ...config, ...(old.config.filter === undefined ? {} : { filter: old.config.filter }) };
      await this.#save(this.#configs.map((other) => (other === old.config ? changed : other)));
      await old.stop();
      this.#groups[this.#groups.indexOf(old)] = await PersistentSubscription.open(this.#database, changed);
    });
  }

  /** @throws GroupNotFound */
  delete(source: string, group: string): Promise<void> {
    return this.#change(async () => {
      const old = this.get(source, group);
      await this.#save(this.#configs.filter((config) => config !== old.config));
      this.#groups.splice(this.#groups.indexOf(old), 1);
      await old.stop();
      for (const stream of [checkpointStream(old.config), parkedStream(old.config)]) {
        await this.#database.deleteStream(stream, 'any').catch((error: unknown) => {
          // There may never have been one.
          if (!(error instanceof Refused)) throw error;
        });
      }
    });
  }

  restart(): Promise<void> {
    return this.#change(async () => {
      await this.#stopAll();
      await this.#load();
    });
  }

  stop(): Promise<void> {
    return this.#change(() => this.#stopAll());
  }

  get #configs(): readonly GroupConfig[] {
    return this.#groups.map(({ config }) => config);
  }

  async #stopAll(): Promise<void> {
    await Promise.all(this.#groups.splice(0).map((group) => group.stop()));
  }

  async #load(): Promise<void> {
    const last = await this.#database.lastEvent(groupsStream);
    const { entries } =
      last === undefined ? { entries: [] } : (JSON.parse(fromLog(last).data.toString()) as { entries: GroupConfig[] });
    this.#groups = await Promise.all(entries.map((config) => PersistentSubscription.open(this.#database, config)));
  }

  async #save(entries: readonly GroupConfig[]): Promise<void> {
    const event = systemRecord('$PersistentConfig', Buffer.from(JSON.stringify({ entries })));
    await this.#database.append([{ stream: groupsStream, expected: 'any', events: [event] }]);
  }

  #change(work: () => Promise<void>): Promise<void> {
    const done = this.#changing.then(work);
    this.#changing = done.catch(() => undefined);
    return done;
  }
}
