import { v5 as uuidv5 } from 'uuid';
import type { Command } from './command.js';
import type { AnyAggregate, AnyDecider, Others, Rejected } from './decider.js';
import type { Entity } from './entity.js';
import { type EventOf, type Json, streamName } from './event.js';

type Events = readonly EventOf<Record<string, Json>>[];
type EventsById = { readonly [id: string]: Events };

/** What a decision sees of a command. */
export type DecidableCommand = Pick<Command, 'id' | 'type' | 'data' | 'actor'>;

/** Events of a decision for one stream, before they are given ids and metadata. */
export interface Decided {
  readonly entity: Entity;
  readonly events: Events;
}

/** Another stream that a command needs. */
export interface NamedStream {
  /** The decider's name for it. */
  readonly name: string;
  /** Which one it is, where there may be several under that name. */
  readonly id: string | undefined;
  readonly stream: string;
  readonly aggregate: AnyAggregate;
}

/** Another stream that a command needs, folded. */
export interface NamedEntity extends NamedStream {
  readonly entity: Entity;
}

/** The streams of the other entities that the command names in its entity's present state. */
export function otherStreams(decider: AnyDecider, command: DecidableCommand, entity: Entity): readonly NamedStream[] {
  const named = decider.streams?.[command.type]?.(command.data, entity.state) ?? {};
  return Object.entries(named).flatMap(([name, ids]): NamedStream[] => {
    if (ids === undefined) return [];
    const other = (decider.others as Others)[name]!;
    if (isSeveral(other)) {
      const [aggregate] = other;
      const each = new Set(ids as readonly string[]);
      return [...each].map((id) => ({ name, id, stream: streamName(aggregate.category, id), aggregate }));
    }
    return [{ name, id: undefined, stream: streamName(other.category, ids as string), aggregate: other }];
  });
}

/**
 * Takes the decision on a command.
 * @param others the entities of the streams that the command names
 * @returns the events for each stream (none: nothing is to be done), or the rejection
 */
export function decide(
  decider: AnyDecider,
  command: DecidableCommand,
  now: Date,
  entity: Entity,
  others: readonly NamedEntity[],
): readonly Decided[] | Rejected {
  let ids = 0;
  const context = {
    now,
    newId: () => uuidv5(`id:${ids++}`, command.id),
    ...(command.actor !== undefined && { actor: command.actor }),
  };
  const decision = decider.decide[command.type]!(entity.state, command.data, context, statesOf(others)) as
    Events | { readonly own: Events; readonly [name: string]: Events | EventsById | undefined } | Rejected;
  if ('rejection' in decision) return decision as Rejected;
  if (!('own' in decision)) return decision.length === 0 ? [] : [{ entity, events: decision }];

  const decided: Decided[] = [];
  const add = (target: Entity | undefined, events: Events, name: string) => {
    if (events.length === 0) return;
    if (!target) throw new TypeError(`${command.type} returned events for ${name}, a stream that it did not name`);
    decided.push({ entity: target, events });
  };
  const find = (name: string, id?: string) => others.find((other) => other.name === name && other.id === id)?.entity;
  for (const [name, events] of Object.entries(decision)) {
    if (!events) continue;
    if (name === 'own') add(entity, events as Events, name);
    else if (Array.isArray(events)) add(find(name), events as Events, name);
    else for (const [id, each] of Object.entries(events as EventsById)) add(find(name, id), each, `${name} ${id}`);
  }
  // The command's id is looked for in every stream that it names, but its answer is about its own.
  if (decided.length > 0 && !decided.some((part) => part.entity === entity)) {
    throw new TypeError(`${command.type} returned events for other streams alone`);
  }
  return decided;
}

/** By the decider's names, as a decision finds them. */
function statesOf(others: readonly NamedEntity[]): Readonly<Record<string, unknown>> {
  const states: Record<string, unknown> = {};
  for (const { name, id, entity } of others) {
    if (id === undefined) states[name] = entity.state;
    else states[name] = { ...(states[name] as object | undefined), [id]: entity.state };
  }
  return states;
}

function isSeveral(other: Others[string]): other is readonly [AnyAggregate] {
  return Array.isArray(other);
}
