import { createHash } from 'node:crypto';
import {
  type Accepted,
  type CommandHandler,
  IdempotencyKeyReused,
  type Json,
  type Rejected,
} from '@shelfmark/event-sourcing';
import {
  type AddedBy,
  type ImportedItems,
  type KnownItem,
  type Outcome,
  type RowPlace,
  SeenRows,
  personIdOf,
  untilRoom,
} from '@shelfmark/imports';
import { v5 as uuidv5 } from 'uuid';
import { type User, emailHash, isThere, user, userEmail } from '../user/user.js';
import type { Person, PersonItem } from './person-row.js';

export interface KnownPerson extends KnownItem {
  readonly userId: string;
  readonly person: Person;
  /** Whether it is the address alone that says who it is. */
  readonly isByAddress: boolean;
  /** Whether the first row with that id or that address says the same. */
  readonly isAlike: boolean;
}

/**
 * The readers, as one import finds them and adds to them. Somebody is known by their external id, else by their address. An id that was made from an
 * address would tell it to whoever guesses it, and ids are seen where addresses are not; so a person without an external id gets an id of the
 * import and the row, and it is the claim to the address that tells, the next time, that they are there.
 */
export class Readers implements ImportedItems<PersonItem, KnownPerson> {
  readonly #ids = new SeenRows();
  readonly #addresses = new SeenRows();

  constructor(
    private readonly handler: CommandHandler,
    private readonly importId: string,
  ) {}

  identify({ person, externalId }: PersonItem, place: RowPlace): KnownPerson {
    const said = digest([person.name, emailHash(person.email), person.rentLimit ?? null]).readUInt32LE(0);
    const address = this.#addresses.add(digest([emailHash(person.email)]), said);
    const userId = externalId ? personIdOf(externalId) : uuidv5(JSON.stringify(place), this.importId);
    const id = externalId ? this.#ids.add(digest([userId]), said) : address;
    const first = id.before > 0 ? id : address;
    return { userId, person, isByAddress: !externalId, isRepeated: first.before > 0, isAlike: first.isAlike };
  }

  async add(known: KnownPerson, { cause, startedAt, signal }: AddedBy): Promise<Outcome> {
    const { userId, person } = known;
    const before = await this.#before(known);
    if (before) return before;
    const { id, ...context } = cause;
    const command = { ...context, id: userId, type: 'RegisterUser', data: { userId, ...person }, causationId: id };
    const answer = await untilRoom(() => this.#register(command), signal);
    // Somebody registered with the address just now.
    if (answer !== 'otherwise' && 'rejection' in answer) return (await this.#before(known)) ?? taken;
    const { state } = await this.handler.read(user, userId);
    if (!isThere(state)) return deleted;
    if (answer === 'otherwise') return compared(state, person);
    return { outcome: answer.position! > startedAt && !known.isRepeated ? 'added' : 'alreadyThere' };
  }

  async preview(known: KnownPerson): Promise<Outcome> {
    const before = await this.#before(known);
    if (before) return before;
    const { state } = await this.handler.read(user, known.userId);
    if (isThere(state)) return compared(state, known.person);
    if (state.status === 'deleted') return deleted;
    if (!known.isRepeated) return { outcome: 'added' };
    return known.isAlike ? { outcome: 'alreadyThere' } : different;
  }

  /** What became of somebody else who has the address, or had it when a person without an external id was here before. */
  async #before({ userId, person, isByAddress }: KnownPerson): Promise<Outcome | undefined> {
    const { state: claim } = await this.handler.read(userEmail, emailHash(person.email));
    if (claim.userId !== undefined && claim.userId !== userId) {
      const { state } = await this.handler.read(user, claim.userId);
      return isThere(state) ? compared(state, person) : taken;
    }
    if (!isByAddress || claim.userId !== undefined || claim.formerly === undefined) return undefined;
    const { state } = await this.handler.read(user, claim.formerly);
    // Who has left, or has another address now, is not brought back by a file that is older than that.
    return isThere(state) ? different : deleted;
  }

  async #register(command: Parameters<CommandHandler['handle']>[1]): Promise<Accepted | Rejected | 'otherwise'> {
    try {
      return await this.handler.handle(user, command);
    } catch (error) {
      if (error instanceof IdempotencyKeyReused) return 'otherwise';
      throw error;
    }
  }
}

const deleted: Outcome = { outcome: 'deletedSince', reason: 'the person has left since' };
const different: Outcome = { outcome: 'different', reason: 'this person is there with other data, which stay' };
const taken: Outcome = { outcome: 'refused', reason: 'the address is that of somebody who is about to leave' };

/** Whether the person is there as the row has them, so that an update would change nothing. */
function compared(state: User, { name, email, rentLimit }: Person): Outcome {
  if (!isThere(state)) return deleted;
  const isSame =
    state.name === name.trim() &&
    emailHash(state.email) === emailHash(email) &&
    (rentLimit === undefined || state.rentLimit === rentLimit);
  return isSame ? { outcome: 'alreadyThere' } : different;
}

function digest(parts: Json): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}
