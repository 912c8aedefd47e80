import assert from 'node:assert/strict';
import { deserialize, serialize } from 'node:v8';
import type { AnyDecider, Decider, EventsPerStream, Others } from '../decider.js';
import { type NamedStream, decide, otherStreams } from '../decision.js';
import { Entity } from '../entity.js';
import { type EventOf, type Json, streamName } from '../event.js';
import type { SchemaValidator } from '../schema-validator.js';

type AnyEvents = readonly EventOf<Record<string, Json>>[];
type EventsByName = { readonly [name: string]: AnyEvents | { readonly [id: string]: AnyEvents } };
type Happened<Events, O extends Others> = readonly EventOf<Events>[] | EventsPerStream<Events, O>;

export interface Given<Commands, Events, Code extends string, O extends Others> {
  /** The instant of the decision; the events before it happened at noon on 2024-02-29. */
  at(now: string): Given<Commands, Events, Code, O>;
  when<Type extends keyof Commands & string>(type: Type, data: Commands[Type]): When<Events, Code, O>;
}

export interface When<Events, Code extends string, O extends Others> {
  /**
   * The decision returns exactly these events, each as the contract's schema has it.
   * @returns `again`: the same command once more, after these events
   */
  then(expected: Happened<Events, O>): { again(): When<Events, Code, O> };
  /** The decision is a rejection with this code (and detail, where one is given). */
  thenRejects(code: Code, detail?: string | RegExp): void;
}

const noon = '2024-02-29T12:00:00.000Z';
const commandId = '01890a5d-ac96-774b-bcce-b302099a8057';

/**
 * Begins the examples of a decider: what has happened (`given`), a command (`when`), and what follows (`then`). Everything
 * that is given, asked and decided is checked against the contract's schema, for TypeScript lets an extra field pass.
 *
 * @param validator of the contract whose commands and events the decider has
 */
export function specification<State, Commands, Events, Code extends string, O extends Others>(
  decider: Decider<State, Commands, Events, Code, O>,
  validator: SchemaValidator,
): (happened?: Happened<Events, O>) => Given<Commands, Events, Code, O> {
  const anyDecider = decider as unknown as AnyDecider;
  const assertValid = (type: string, data: unknown) => {
    const faults = validator.validate(type, data);
    assert.deepEqual(faults, [], `${type} is not as the contract has it: ${JSON.stringify(faults)}`);
  };

  const given = (happened: readonly Happened<Events, O>[], now: string): Given<Commands, Events, Code, O> => ({
    at: (instant) => given(happened, instant),
    when: (type, data) => {
      assertValid(type, data);
      const command = { id: commandId, type, data: data as Json };
      const own = new Entity(streamName(decider.category, decider.entityId(data)), anyDecider);
      const entities = new Map<string, Entity>();
      const entity = ({ stream, aggregate }: NamedStream) => {
        const known = entities.get(stream) ?? new Entity(stream, aggregate);
        entities.set(stream, known);
        return known;
      };
      for (const part of happened) {
        const streams = perStream(part);
        // A stream may be named by the state before these events or only by the one after them.
        const before = otherStreams(anyDecider, command, own);
        fold(own, streams['own'] as AnyEvents | undefined);
        const named = [...before, ...otherStreams(anyDecider, command, own)];
        for (const one of new Map(named.map((each) => [`${each.name} ${each.stream}`, each])).values()) {
          fold(entity(one), eventsFor(one, streams));
        }
      }
      const named = otherStreams(anyDecider, command, own);
      const others = named.map((one) => ({ ...one, entity: entity(one) }));
      const decision = decide(anyDecider, command, new Date(now), own, others);
      return {
        then(expected) {
          assert.ok(!('rejection' in decision), `was refused: ${JSON.stringify(decision)}`);
          const decided: Record<string, AnyEvents | Record<string, AnyEvents>> = { own: [] };
          for (const { entity, events } of decision) {
            const other = others.find((one) => one.entity === entity);
            if (!other) decided['own'] = events;
            else if (other.id === undefined) decided[other.name] = events;
            else
              decided[other.name] = {
                ...(decided[other.name] as Record<string, AnyEvents> | undefined),
                [other.id]: events,
              };
            for (const event of events) {
              assertValid(event.type, event.data);
              assert.deepEqual(JSON.parse(JSON.stringify(event.data)), event.data, `${event.type} is not plain JSON`);
            }
          }
          assert.deepEqual(decided, { own: [], ...perStream(expected) });
          return { again: () => given([...happened, expected], now).when(type, data) };
        },
        thenRejects(code, detail) {
          assert.ok(
            'rejection' in decision,
            `was not refused: ${JSON.stringify(decision, ['events', 'type', 'data'])}`,
          );
          assert.equal(decision.rejection.code, code);
          if (detail instanceof RegExp) assert.match(decision.rejection.detail ?? '', detail);
          else if (detail !== undefined) assert.equal(decision.rejection.detail, detail);
        },
      };
    },
  });

  /** Appends to an entity what happened to it, as if some other command had done it. */
  const fold = (entity: Entity, events: AnyEvents = []) => {
    for (const { type, data } of events) {
      assertValid(type, data);
      const revision = entity.revision + 1;
      const metadata = {
        commandId: `earlier-${revision}`,
        commandHash: '',
        correlationId: '',
        causationId: '',
        time: noon,
        schemaVersion: 1,
      };
      entity.apply(
        { id: `earlier-${revision}`, type, data, metadata, stream: entity.stream, revision },
        BigInt(revision),
      );
    }
    assert.deepEqual(
      deserialize(serialize(entity.state)),
      entity.state,
      `the state of ${entity.stream} would come out of a snapshot as another one`,
    );
  };

  return (happened = []) => given([happened], noon);
}

function perStream<E, O extends Others>(happened: Happened<E, O>): EventsByName {
  return ('own' in happened ? happened : { own: happened }) as EventsByName;
}

function eventsFor({ name, id }: NamedStream, streams: EventsByName): AnyEvents | undefined {
  const events = streams[name];
  return id === undefined ? (events as AnyEvents | undefined) : (events as Record<string, AnyEvents> | undefined)?.[id];
}
