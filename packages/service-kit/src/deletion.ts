import {
  type Accepted,
  type AnyDecider,
  type Cause,
  type CommandHandler,
  type Json,
  type Rejected,
  causedCommand,
  reject,
} from '@shelfmark/event-sourcing';
import type { CommandReply, RequestClient } from '@shelfmark/messaging';
import { FailedElsewhere } from './failed-elsewhere.js';

/** The words of one kind of deletion. */
export interface DeletionWords {
  /** The service that may object, and the command that asks it to let go of the entity for good. */
  readonly asks: { readonly aggregate: string; readonly command: string };
  /** The own commands for either answer. */
  readonly confirm: string;
  readonly refuse: string;
  /** The name of the entity's id in all of these. */
  readonly id: string;
}

/** What a state must tell of its deletion: whether it is under way, and why it was refused the last time. */
interface Deletable {
  readonly status: string;
  readonly obstacle?: string;
}

/**
 * Brings a deletion that was requested to its end: the other service is asked, and its answer recorded. Every step can be
 * repeated, so whoever finds a request without a conclusion, the command's own handling or the reaction after a crash,
 * calls this.
 */
export class Deletion {
  readonly #underWay = new Map<string, Promise<Accepted | Rejected>>();

  constructor(
    private readonly handler: CommandHandler,
    private readonly client: RequestClient,
    private readonly decider: AnyDecider,
    private readonly words: DeletionWords,
  ) {}

  /**
   * @param request the command that asked for the deletion
   * @param deadline milliseconds since the epoch; an answer after it is not waited for
   * @returns how the deletion ended, now or before
   * @throws what asking throws, when the other service did not answer: the request stays open
   */
  async conclude(id: string, request: Cause, deadline: number): Promise<Accepted | Rejected> {
    const { state, ...accepted } = await this.handler.read<Deletable, unknown>(this.decider, id);
    const { status, obstacle } = state;
    if (status !== 'deleting') return status === 'present' && obstacle !== undefined ? reject(obstacle) : accepted;
    // Two who ask at once could hear two different answers.
    const underWay =
      this.#underWay.get(id) ?? this.#conclude(id, request, deadline).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, underWay);
    return underWay;
  }

  async #conclude(id: string, request: Cause, deadline: number): Promise<Accepted | Rejected> {
    const { asks, confirm, refuse, id: field } = this.words;
    const reply: CommandReply = await this.client.sendCommand(
      asks.aggregate,
      causedCommand(request, asks.command, id, { [field]: id }, deadline),
    );
    if ('failure' in reply) throw new FailedElsewhere(asks.command, reply.failure);
    const conclusion: [string, Json] =
      'rejection' in reply ? [refuse, { [field]: id, code: reply.rejection.code }] : [confirm, { [field]: id }];
    const concluded = await this.handler.handle(this.decider, causedCommand(request, conclusion[0], id, conclusion[1]));
    if (!('rejection' in reply)) return concluded;
    const { code, detail } = reply.rejection;
    return reject(code, typeof detail === 'string' ? detail : undefined);
  }
}
