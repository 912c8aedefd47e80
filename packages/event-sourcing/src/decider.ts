import type { EventOf, StreamEvent } from './event.js';

/** A domain "no": a value, not an error. Its codes are a union in the contracts. */
export interface Rejected<Code extends string = string> {
  readonly rejection: { readonly code: Code; readonly detail?: string };
}

/**
 * Refuses a command.
 * @param code one of the aggregate's rejection codes
 * @param detail a sentence for people, where the code alone leaves a question open
 */
export function reject<Code extends string>(code: Code, detail?: string): Rejected<Code> {
  return { rejection: detail === undefined ? { code } : { code, detail } };
}

/** What a decision may know beside the state: it reads no clock and draws no random number of its own. */
export interface DecisionContext {
  readonly now: Date;
  /** Who asked, where that is known. */
  readonly actor?: string;
  /** A new id; the same ones in the same order when the same command is decided again. */
  readonly newId: () => string;
}

/**
 * How the events of one category of streams fold into a state. States of long streams are kept as snapshots, so a state is
 * what the structured clone algorithm copies: plain values, maps and sets, but no functions and no instances of classes.
 */
export interface Aggregate<State, Events> {
  /** The part of the stream's name before the dash; holds no dash itself. */
  readonly category: string;
  /** The state of a stream without events. */
  readonly initial: State;
  /** Pure, and total over the catalogue: a missing event type does not compile. */
  readonly evolve: {
    readonly [Type in keyof Events & string]: (state: State, data: Events[Type], event: StreamEvent) => State;
  };
  /** The id that a command's answer gives, where its event made something with an id of its own; else the entity's. */
  // A method, not a property: so an aggregate of some events is one of any, whose types are not known.
  resultId?(event: EventOf<Events>): string | undefined;
}

/** An aggregate whose state and events are of no interest here. `any`, because its functions are contravariant in them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyAggregate = Aggregate<any, any>;

/**
 * The other aggregates that decisions of a decider may reach into, by the name that it gives to each. Under a name there
 * is one entity; where the aggregate stands in an array, there are as many as a command needs, by their ids.
 */
export type Others = { readonly [name: string]: AnyAggregate | readonly [AnyAggregate] };

type StateOf<A> = A extends Aggregate<infer State, infer _Events> ? State : never;
type EventsOf<A> = A extends Aggregate<infer _State, infer Events> ? Events : never;

/** The states of the other streams that a decision named; a stream that it did not name is absent. */
export type OtherStates<O extends Others> = {
  readonly [Name in keyof O]?: O[Name] extends readonly [infer Each]
    ? { readonly [id: string]: StateOf<Each> }
    : StateOf<O[Name]>;
};

/** Events for the decider's own stream and for others that the decision named: all are appended, or none. */
export type EventsPerStream<Events, O extends Others> = { readonly own: readonly EventOf<Events>[] } & {
  readonly [Name in keyof O]?: O[Name] extends readonly [infer Each]
    ? { readonly [id: string]: readonly EventOf<EventsOf<Each>>[] }
    : readonly EventOf<EventsOf<O[Name]>>[];
};

/** The ids of other entities, by the names in `others`. */
export type OtherIds<O extends Others> = {
  readonly [Name in keyof O]?: (O[Name] extends readonly [unknown] ? readonly string[] : string) | undefined;
};

/** Events to append (none: "it is so already"), events for several streams at once, or a rejection. */
export type Decision<Events, Code extends string, O extends Others> =
  readonly EventOf<Events>[] | EventsPerStream<Events, O> | Rejected<Code>;

/**
 * An aggregate that decides: commands and a state in, events or a rejection out. Synchronous and pure, so that a decision
 * can be taken again.
 *
 * A command that needs several streams names the other ones in `streams`, from the command and the own state; its decision
 * then finds their states in `others` and may return events for each. If the own state moves so that other streams are
 * named, they are read and the decision is taken anew.
 */
export interface Decider<
  State,
  Commands,
  Events,
  Code extends string,
  O extends Others = Record<never, never>,
> extends Aggregate<State, Events> {
  /** The id of the entity that a command is for. */
  readonly entityId: (data: Commands[keyof Commands]) => string;
  /** Total over the catalogue: a missing command does not compile. */
  readonly decide: {
    readonly [Type in keyof Commands & string]: (
      state: State,
      data: Commands[Type],
      context: DecisionContext,
      others: OtherStates<O>,
    ) => Decision<Events, Code, O>;
  };
  readonly others?: O;
  /** The ids of the other entities that a command needs, by the names in `others`. */
  readonly streams?: {
    readonly [Type in keyof Commands & string]?: (data: Commands[Type], state: State) => OtherIds<O>;
  };
}

/** A decider whose types are of no interest here. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyDecider = Decider<any, any, any, string, any>;
