import { type EntityState, explainsRejection, statesOf } from './entities.js';
import type { Attempt, OwnerRead } from './history.js';
import { type Operation, type SequentialModel, checkLinearizability } from './linearizability.js';
import { type LoggedEvent, idOf } from './logged-event.js';

/** Whether a command, in a state, is done without an event; by its type. */
export type DoneAlready = (type: string, state: EntityState, data: Readonly<Record<string, unknown>>) => boolean;

/** What happens to the register: a command's events come to be, or somebody is told how it stands. */
type Input =
  | { readonly effectOf: string }
  | { readonly isPossible: (events: number) => boolean; readonly told: Attempt | OwnerRead };

/** More would take the search too long; no stream comes near it in a round. */
const mostOperations = 400;

/**
 * Checks that what clients were told of one stream could have come from a register of (revision, command) that takes one command
 * after the other.
 *
 * The log has the last word on the order of the effects, so the register's state is how many of the stream's events have come to
 * be. A command's effect comes at any time after its first attempt; an attempt that was answered saw, at some moment between its
 * call and its return, a register in which the answer was right. So an answered effect that is not in the log, a read of a
 * revision that was overtaken before it was asked for, and a rejection for a reason that did not hold meanwhile have no order.
 *
 * @returns what is wrong, if anything
 */
export function checkRegister(
  stream: string,
  events: readonly LoggedEvent[],
  told: readonly (Attempt | OwnerRead)[],
  isDoneAlready: DoneAlready,
): string | undefined {
  const states = statesOf(events);
  const effects = new Map<string, number>();
  for (const { metadata, revision } of events) effects.set(metadata.commandId, revision);

  const operations: Operation<Input>[] = [...effects.keys()].map((commandId) => {
    const attempts = told.filter((one) => one.kind === 'attempt' && one.commandId === commandId);
    // A command that no client sent was sent by a service, at a time that is not known.
    const calledAt = attempts.length > 0 ? Math.min(...attempts.map((attempt) => attempt.calledAt)) : -Infinity;
    return { calledAt, returnedAt: Infinity, input: { effectOf: commandId } };
  });
  for (const one of told) {
    if (one.returnedAt === Infinity) continue;
    const isPossible =
      one.kind === 'ownerRead' ? possibleRead(events, one) : possibleAnswer(stream, events, states, effects, one);
    operations.push({
      calledAt: one.calledAt,
      returnedAt: one.returnedAt,
      input: { isPossible, told: one },
    });
  }
  if (operations.length > mostOperations) throw new RangeError(`${stream} has ${operations.length} operations`);

  const model: SequentialModel<number, Input> = {
    initial: 0,
    step: (before, input) => {
      if ('isPossible' in input) return input.isPossible(before) ? before : undefined;
      let after = before;
      while (events[after]?.metadata.commandId === input.effectOf) after++;
      return after > before ? after : undefined;
    },
    key: String,
  };
  const result = checkLinearizability(operations, model);
  if (result.isLinearizable) return undefined;
  const { input } = result.stuckAt;
  const last = 'told' in input ? JSON.stringify(input.told) : input.effectOf;
  return `${stream} is not linearizable: no order of its ${events.length} events allows ${last}`;

  function possibleRead(list: readonly LoggedEvent[], { revision, eventId }: OwnerRead) {
    return (count: number) => count === revision + 1 && (eventId === undefined || list[count - 1]?.id === eventId);
  }

  function possibleAnswer(
    name: string,
    list: readonly LoggedEvent[],
    folded: readonly EntityState[],
    last: ReadonlyMap<string, number>,
    { commandId, type, data, answer, expectedRevision, streams }: Attempt,
  ) {
    const revision = last.get(commandId);
    const isOwn = streams[0] === name;
    return (count: number): boolean => {
      switch (answer.kind) {
        case 'done':
          // What is done in several steps is done when the last one is.
          if (isDeletion(type)) return !isOwn || folded[count]!.status === 'deleted';
          if (revision !== undefined && count > revision) {
            const own = list.filter(({ metadata }) => metadata.commandId === commandId);
            return !isOwn || (isOf(answer, list[revision]!) && own.some((event) => names(answer, event)));
          }
          // Without an effect, now at least: what there was nothing to do for is not remembered, and sent again it may have one.
          if (!isOwn) return true;
          return isDoneAlready(type, folded[count]!, data) && count > 0 && isOf(answer, list[count - 1]!);
        case 'rejected':
          return explainsRejection(name, folded[count]!, answer.code, data);
        case 'conflict':
          return !isOwn || count - 1 !== expectedRevision;
        case 'unknown':
        case 'wrong':
          return true;
      }
    };
  }
}

function isDeletion(type: string): boolean {
  return type.startsWith('Delete');
}

type Done = Extract<Attempt['answer'], { kind: 'done' }>;

/** Whether an answer, as far as it goes, says where an event is. */
function isOf({ revision, position }: Done, event: LoggedEvent): boolean {
  return (revision ?? event.revision) === event.revision && (position ?? event.position) === event.position;
}

/** Whether an answer, as far as it goes, names what an event made or changed. */
function names({ id }: Done, { stream, data }: LoggedEvent): boolean {
  return id === undefined || id === (data.rentId ?? data.holdId ?? idOf(stream));
}
