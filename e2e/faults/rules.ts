import { type EntityState, absent, evolve, setAside, statesOf } from './entities.js';
import type { Event, ViewRead } from './history.js';
import { type LoggedEvent, byStream, categoryOf, idOf } from './logged-event.js';

/** The logs of the three services. */
export interface Logs {
  readonly user: readonly LoggedEvent[];
  readonly book: readonly LoggedEvent[];
  readonly rent: readonly LoggedEvent[];
}

/**
 * Positions and revisions without a hole (where a log is on a server beside others, its positions only ascend), and each command's events in one place:
 * what came twice had two effects.
 */
export function checkLog(service: string, log: readonly LoggedEvent[], { isDense = true } = {}): string[] {
  const faults: string[] = [];
  const ids = new Set<string>();
  const revisions = new Map<string, number>();
  const appendOf = new Map<string, number>();
  for (const [index, { id, position, stream, revision, metadata }] of log.entries()) {
    const isInPlace = isDense
      ? position === String(index + 1)
      : BigInt(position) > BigInt(log[index - 1]?.position ?? 0);
    if (!isInPlace) faults.push(`${service}: position ${position} is in place ${index + 1}`);
    if (ids.has(id)) faults.push(`${service}: event ${id} is there twice`);
    ids.add(id);
    const expected = (revisions.get(stream) ?? -1) + 1;
    if (revision !== expected) faults.push(`${service}: ${stream} has revision ${revision} where ${expected} is due`);
    revisions.set(stream, revision);
    const { commandId } = metadata;
    const last = appendOf.get(commandId);
    if (last !== undefined && last !== index - 1) {
      faults.push(`${service}: command ${commandId} had two effects, at ${log[last]!.position} and at ${position}`);
    }
    appendOf.set(commandId, index);
  }
  return faults;
}

/** A log only ever grows. */
export function checkKept(service: string, before: readonly string[], log: readonly LoggedEvent[]): string[] {
  const lost = before.findIndex((id, index) => log[index]?.id !== id);
  return lost < 0 ? [] : [`${service}: what was at position ${lost + 1} is gone or changed`];
}

/** What belongs together: an event of the one type is in the same append as one of the others. */
const together: readonly [string, ...string[]][] = [
  ['BookRented', 'RentTaken'],
  ['RentReopened', 'RentTaken'],
  ['BookReturned', 'RentEnded'],
  ['RentTaken', 'BookRented', 'RentReopened'],
  ['RentEnded', 'BookReturned', 'CopyLost'],
  ['CopyLost', 'RentEnded'],
  ['RentRenewed', 'RentExtended'],
  ['RentExtended', 'RentRenewed'],
  ['HoldPlaced', 'HoldTaken'],
  ['HoldTaken', 'HoldPlaced'],
  ['HoldCancelled', 'HoldEnded'],
  ['HoldExpired', 'HoldEnded'],
  ['HoldEnded', 'BookRented', 'HoldCancelled', 'HoldExpired'],
  ['UserCreated', 'EmailClaimed'],
  ['EmailClaimed', 'UserCreated', 'UserUpdated'],
];

export function checkTransactions(service: string, log: readonly LoggedEvent[]): string[] {
  const types = new Map<string, Set<string>>();
  for (const { type, metadata } of log) {
    const known = types.get(metadata.commandId);
    if (known) known.add(type);
    else types.set(metadata.commandId, new Set([type]));
  }
  return log.flatMap(({ type, position, metadata }) =>
    together
      .filter(([one, ...others]) => type === one && !others.some((other) => types.get(metadata.commandId)!.has(other)))
      .map(([, ...others]) => `${service}: ${type} at ${position} is without its ${others.join(' or ')}`),
  );
}

/** No book is lent out more often than it has copies, nobody has more out than they may, at any moment of the log. */
export function checkLending(log: readonly LoggedEvent[]): string[] {
  const faults: string[] = [];
  const states = new Map<string, EntityState>();
  for (const event of log) {
    const { stream, type, position, data } = event;
    const before = states.get(stream) ?? absent;
    const state = evolve(before, event);
    states.set(stream, state);
    if (state.open.size <= before.open.size && setAside(state) <= setAside(before)) continue;
    if (categoryOf(stream) === 'BookRent') {
      const amount = Number(state.fields['amount']);
      // Who picks a copy up may do so although fewer are left than are set aside: the amount was lowered meanwhile.
      const taken =
        state.open.size + state.lost.size + (data.holdId !== undefined && type === 'BookRented' ? 0 : setAside(state));
      if (taken > amount) faults.push(`${stream}: ${taken} of ${amount} copies are taken after ${type} at ${position}`);
      if (new Set(state.open.values()).size < state.open.size) {
        faults.push(`${stream}: somebody has it out twice after ${type} at ${position}`);
      }
    } else if (state.open.size > Number(state.fields['rentLimit'])) {
      faults.push(
        `${stream}: ${state.open.size} are out, the limit is ${String(state.fields['rentLimit'])}, at ${position}`,
      );
    }
    if (before.status !== 'present') faults.push(`${stream}: ${type} at ${position}, but it is ${before.status}`);
  }
  return faults;
}

/** No two users have the same address, at any moment of the log. */
export function checkAddresses(log: readonly LoggedEvent[]): string[] {
  const faults: string[] = [];
  const holders = new Map<string, string>();
  const addresses = new Map<string, string>();
  for (const { stream, type, data, position, metadata } of log) {
    if (!['UserCreated', 'UserUpdated', 'UserDeleted'].includes(type)) continue;
    if (type !== 'UserDeleted' && data.email === undefined) continue;
    const old = addresses.get(stream);
    // Within a step the old address is freed: whoever takes it over later in the log may.
    if (old !== undefined && holders.get(old) === stream) holders.delete(old);
    addresses.delete(stream);
    if (type === 'UserDeleted') continue;
    const address = String(data.email).trim().normalize('NFKC').toLowerCase();
    const holder = holders.get(address);
    if (holder !== undefined) {
      faults.push(`${stream} got the address of ${holder} at ${position} (command ${metadata.commandId})`);
    }
    holders.set(address, stream);
    addresses.set(stream, address);
  }
  return faults;
}

/**
 * What is not so yet, of what has to be so once nothing is under way any more: deletions are concluded, and the lending desk
 * knows what the owners know.
 */
export function unsettled({ user, book, rent }: Logs): string[] {
  const rents = byStream(rent);
  const waiting: string[] = [];
  const look = (log: readonly LoggedEvent[], own: string, copy: string, field: string): void => {
    for (const [stream, events] of byStream(log)) {
      if (categoryOf(stream) !== own) continue;
      const { status, fields } = statesOf(events).at(-1)!;
      const copied = statesOf(rents.get(`${copy}-${idOf(stream)}`) ?? []).at(-1)!;
      if (status === 'deleting') waiting.push(`${stream} is still being deleted`);
      if (status === 'deleted' && copied.status !== 'deleted') waiting.push(`${stream} is deleted, its ${copy} is not`);
      if (status === 'present' && copied.status === 'present' && fields[field] !== copied.fields[field]) {
        waiting.push(`${stream} has ${field} ${String(fields[field])}, its ${copy} ${String(copied.fields[field])}`);
      }
    }
  };
  look(book, 'Book', 'BookRent', 'amount');
  look(user, 'User', 'Borrower', 'rentLimit');
  return waiting;
}

/** Answers that nobody should get, whatever happens. */
export function checkAnswers(history: readonly Event[]): string[] {
  return history.flatMap((event) => {
    if (event.kind === 'wrongRead') return [`GET ${event.path} was answered ${event.status}: ${event.body}`];
    if (event.kind !== 'attempt' || event.answer.kind !== 'wrong') return [];
    return [`${event.type} ${event.commandId} was answered ${event.answer.status}: ${event.answer.body}`];
  });
}

/** Whether what a view showed once, it showed ever after. */
export interface ViewsInRound {
  readonly areViewsKept: boolean;
}

/**
 * What a view shows is what the entity was at the revision that it shows, and not before what its reader was told by an answer, whose
 * position it sends. What it was shown by the view itself comes with no position: that may be gone where the view was taken back.
 */
export function checkViewReads(history: readonly Event[], logs: Logs, { areViewsKept }: ViewsInRound): string[] {
  const streams = byStream([...logs.user, ...logs.book]);
  return history
    .filter((event): event is ViewRead => event.kind === 'viewRead')
    .flatMap((read) => {
      const states = statesOf(streams.get(read.stream) ?? []);
      const { shown, stream, client } = read;
      const knownRevision = areViewsKept ? Math.max(read.knownRevision, read.seenRevision) : read.knownRevision;
      if (!shown) {
        const mayBeGone = states
          .slice(knownRevision + 1)
          .some(({ status }) => status === 'deleted' || status === 'absent');
        return mayBeGone
          ? []
          : [`${client} knew of revision ${knownRevision} of ${stream}, and was told that there is none`];
      }
      const { revision, fields } = shown;
      if (revision < knownRevision) {
        return [`${client} knew of revision ${knownRevision} of ${stream}, and was shown ${revision}`];
      }
      const state = states[revision + 1];
      if (!state) return [`${client} was shown revision ${revision} of ${stream}, which is not in the log`];
      const wrong = Object.keys(fields).filter((name) => fields[name] !== state.fields[name]);
      return wrong.map(
        (name) => `${client} was shown ${name} ${String(fields[name])} in revision ${revision} of ${stream}`,
      );
    });
}
