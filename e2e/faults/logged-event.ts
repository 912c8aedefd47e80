/** An event as an exported log has it. */
export interface LoggedEvent {
  /** In decimal. */
  readonly position: string;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: {
    readonly rentId?: string;
    readonly holdId?: string;
    readonly userId?: string;
    readonly email?: string;
    readonly [field: string]: unknown;
  };
  readonly metadata: {
    readonly commandId: string;
    readonly correlationId: string;
    readonly time: string;
  };
}

/** The events of each stream, in their order. */
export function byStream(log: readonly LoggedEvent[]): ReadonlyMap<string, readonly LoggedEvent[]> {
  const streams = new Map<string, LoggedEvent[]>();
  for (const event of log) {
    const events = streams.get(event.stream);
    if (events) events.push(event);
    else streams.set(event.stream, [event]);
  }
  return streams;
}

export function categoryOf(stream: string): string {
  return stream.slice(0, stream.indexOf('-'));
}

export function idOf(stream: string): string {
  return stream.slice(stream.indexOf('-') + 1);
}
