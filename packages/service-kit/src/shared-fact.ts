import { Logger } from '@nestjs/common';
import {
  type AnyDecider,
  type Cause,
  type CommandHandler,
  type EventStore,
  type Json,
  causedCommand,
} from '@shelfmark/event-sourcing';
import type { RequestClient } from '@shelfmark/messaging';

/** A fact of an entity, and the revision of the event that last set it, by which others tell which is newer. */
export interface Fact {
  readonly values: { readonly [name: string]: Json };
  readonly revision: number;
}

/** What is shared of a service's entities, and with whom. */
export interface SharedFactSpec {
  /** The service that keeps a copy, and the command that tells it of a change. */
  readonly toldTo: { readonly aggregate: string; readonly command: string };
  /** The name of the entity's id in that command. */
  readonly id: string;
  /** The fact in a state; nothing where the entity does not exist. */
  readonly of: (state: unknown) => Fact | undefined;
}

/** What the owner says of an entity when it is asked. */
export interface FactAnswer {
  readonly exists: boolean;
  readonly source: { readonly logId: string; readonly revision: number };
  readonly [name: string]: Json;
}

/**
 * A fact that this service owns and another one keeps a copy of. The other one asks when it first needs it; of a change it
 * is told before the change is answered, and should that fail, its reaction to the mirror is the safety net.
 */
export class SharedFact {
  readonly #logger = new Logger(SharedFact.name);

  constructor(
    private readonly handler: CommandHandler,
    private readonly client: RequestClient,
    private readonly store: EventStore,
    private readonly decider: AnyDecider,
    private readonly spec: SharedFactSpec,
  ) {}

  /** @param absent the values where the entity does not exist */
  async answer(id: string, absent: Fact['values']): Promise<FactAnswer> {
    const fact = await this.#read(id);
    const source = { logId: this.store.logId, revision: fact?.revision ?? -1 };
    return { ...(fact?.values ?? absent), exists: fact !== undefined, source };
  }

  /** Tells the other service; never fails, for what it tells of has happened already. */
  async tell(id: string, cause: Cause, deadline: number): Promise<void> {
    const fact = await this.#read(id);
    if (!fact) return;
    const { toldTo, id: field } = this.spec;
    const source = { logId: this.store.logId, revision: fact.revision };
    const command = causedCommand(
      cause,
      toldTo.command,
      `${id}@${source.logId}/${source.revision}`,
      { ...fact.values, [field]: id, source },
      deadline,
    );
    try {
      await this.client.sendCommand(toldTo.aggregate, command);
    } catch (error) {
      this.#logger.warn({ err: error, [field]: id }, 'a change could not be told; the reaction to it will see to it');
    }
  }

  async #read(id: string): Promise<Fact | undefined> {
    const { state } = await this.handler.read<unknown, unknown>(this.decider, id);
    return this.spec.of(state);
  }
}
