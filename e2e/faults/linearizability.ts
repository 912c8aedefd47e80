/** Something that was asked of an object, from when to when. Times need only be ordered. */
export interface Operation<Input> {
  readonly calledAt: number;
  /** `Infinity` for one that was never answered: it took effect at some time after its call, or never. */
  readonly returnedAt: number;
  readonly input: Input;
}

/** What an object would do if it were asked one thing after the other. */
export interface SequentialModel<State, Input> {
  readonly initial: State;
  /** The state after the operation, answer included; `undefined` where it could not have been answered like that. */
  step(state: State, input: Input): State | undefined;
  /** Equal for equal states. */
  key(state: State): string;
}

export type Linearizability<Input> =
  | { readonly isLinearizable: true }
  /** The most that could be put in order, and the operation at whose return it became plain that no order does. */
  | { readonly isLinearizable: false; readonly order: readonly Input[]; readonly stuckAt: Operation<Input> };

/** A call, or the return that belongs to it, in a list from which both are lifted once the operation is put in order. */
interface Entry {
  readonly operation: number;
  /** Of a call that was answered. */
  readonly return?: Entry;
  readonly isCall: boolean;
  previous: Entry | undefined;
  next: Entry | undefined;
}

/**
 * Looks for an order of operations that one object could have carried out one after the other, each at some moment between
 * its call and its return.
 *
 * The algorithm is Wing and Gong's search ("Testing and Verifying Concurrent Objects", 1993) with Lowe's memory of the
 * configurations, of operations done and state, that were tried before ("Testing for linearizability", 2017), as Porcupine
 * has it. It takes exponential time in the worst case, and next to none where few operations overlap.
 */
export function checkLinearizability<State, Input>(
  operations: readonly Operation<Input>[],
  model: SequentialModel<State, Input>,
): Linearizability<Input> {
  const head = listOf(operations);
  const tried = new Set<string>();
  /** What is put in order so far, each with the state before it. */
  const done: { readonly entry: Entry; readonly before: State }[] = [];
  let linearized = 0n;
  let state = model.initial;
  let best: { readonly order: readonly Input[]; readonly stuckAt: number } | undefined;

  for (let entry = head.next; ;) {
    // What is left was never answered, and need not have happened.
    if (!holdsReturn(head)) return { isLinearizable: true };
    if (entry?.isCall) {
      const after = model.step(state, operations[entry.operation]!.input);
      const withIt = linearized | (1n << BigInt(entry.operation));
      const configuration = after === undefined ? undefined : `${withIt}/${model.key(after)}`;
      if (after === undefined || tried.has(configuration!)) {
        entry = entry.next;
        continue;
      }
      tried.add(configuration!);
      done.push({ entry, before: state });
      state = after;
      linearized = withIt;
      lift(entry);
      entry = head.next;
      continue;
    }
    // A return whose operation is not done yet (or the end of the list): what was done last has to come later.
    if (entry && (best === undefined || done.length > best.order.length)) {
      best = { order: done.map((step) => operations[step.entry.operation]!.input), stuckAt: entry.operation };
    }
    const last = done.pop();
    if (!last) return { isLinearizable: false, order: best!.order, stuckAt: operations[best!.stuckAt]! };
    state = last.before;
    linearized &= ~(1n << BigInt(last.entry.operation));
    unlift(last.entry);
    entry = last.entry.next;
  }
}

/** The calls and returns in the order of their times, after a head. Where a return meets a call, they overlap. */
function listOf(operations: readonly Operation<unknown>[]): Entry {
  const timed: { readonly at: number; readonly entry: Entry }[] = [];
  for (const [operation, { calledAt, returnedAt }] of operations.entries()) {
    if (returnedAt < calledAt) throw new RangeError('an operation returned before it was called');
    const isAnswered = returnedAt !== Infinity;
    const back: Entry = { operation, isCall: false, previous: undefined, next: undefined };
    const call = { operation, isCall: true, previous: undefined, next: undefined, ...(isAnswered && { return: back }) };
    timed.push({ at: calledAt, entry: call });
    if (isAnswered) timed.push({ at: returnedAt, entry: back });
  }
  timed.sort((a, b) => a.at - b.at || Number(b.entry.isCall) - Number(a.entry.isCall));
  const head: Entry = { operation: -1, isCall: true, previous: undefined, next: undefined };
  let last = head;
  for (const { entry } of timed) {
    last.next = entry;
    entry.previous = last;
    last = entry;
  }
  return head;
}

function holdsReturn(head: Entry): boolean {
  for (let entry = head.next; entry; entry = entry.next) if (!entry.isCall) return true;
  return false;
}

function lift(call: Entry): void {
  unlink(call);
  if (call.return) unlink(call.return);
}

/** In the reverse order of lifting, so that each finds its neighbours. */
function unlift(call: Entry): void {
  if (call.return) relink(call.return);
  relink(call);
}

function unlink(entry: Entry): void {
  if (entry.previous) entry.previous.next = entry.next;
  if (entry.next) entry.next.previous = entry.previous;
}

function relink(entry: Entry): void {
  if (entry.previous) entry.previous.next = entry;
  if (entry.next) entry.next.previous = entry;
}
