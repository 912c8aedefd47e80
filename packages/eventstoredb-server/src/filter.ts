import type { RecordedEvent } from '@shelfmark/event-sourcing';
import { InvalidArgument } from './errors.js';

/** What the filter messages of the services have in common. */
export interface FilterMessage {
  getStreamIdentifier(): Expression | undefined;
  getEventType(): Expression | undefined;
  hasMax(): boolean;
  getMax(): number;
  getCheckpointintervalmultiplier(): number;
}

interface Expression {
  getRegex(): string;
  getPrefixList(): string[];
}

/** Chooses events of `$all` by the name of their stream or by their type. Plain, so that it can be kept. */
export interface EventFilter {
  readonly on: 'stream' | 'type';
  /** One of them begins the text; an expression is only looked at where there are none. */
  readonly prefixes: readonly string[];
  readonly regex: string;
  /** After so many events, chosen or not, a subscriber is told how far the log was read. */
  readonly checkpointInterval: number;
}

const defaultWindow = 32;

export function eventFilter(message: FilterMessage): EventFilter {
  const byStream = message.getStreamIdentifier();
  const expression = byStream ?? message.getEventType();
  if (expression === undefined) throw new InvalidArgument('a filter needs an expression');
  const window = message.hasMax() ? message.getMax() : defaultWindow;
  return {
    on: byStream === undefined ? 'type' : 'stream',
    prefixes: expression.getPrefixList(),
    regex: expression.getRegex(),
    checkpointInterval: Math.max(1, window) * Math.max(1, message.getCheckpointintervalmultiplier()),
  };
}

/**
 * Expressions are JavaScript's here and .NET's in a real server; in what clients usually send, the two agree.
 * @throws InvalidArgument for an expression that is none
 */
export function matcher(filter: EventFilter | undefined): (event: RecordedEvent) => boolean {
  if (filter === undefined) return () => true;
  const { on, prefixes } = filter;
  const text = (event: RecordedEvent) => (on === 'stream' ? event.stream : event.type);
  if (prefixes.length > 0) return (event) => prefixes.some((prefix) => text(event).startsWith(prefix));
  let regex: RegExp;
  try {
    regex = new RegExp(filter.regex);
  } catch (error) {
    throw new InvalidArgument(`the filter is not a regular expression: ${(error as Error).message}`);
  }
  return (event) => regex.test(text(event));
}
