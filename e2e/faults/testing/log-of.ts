import type { LoggedEvent } from '../logged-event.js';

/** Events of one append. */
type Append = { readonly command: string } & Readonly<Record<string, readonly [type: string, data?: object]>>;

/** A log of appends, each with the name of its command and, by stream, the event that it appends there. */
export function logOf(...appends: readonly object[]): LoggedEvent[] {
  const log: LoggedEvent[] = [];
  const revisions = new Map<string, number>();
  for (const { command, ...streams } of appends as readonly Append[]) {
    for (const [stream, [type, data = {}]] of Object.entries(streams)) {
      const revision = (revisions.get(stream) ?? -1) + 1;
      revisions.set(stream, revision);
      log.push({
        position: String(log.length + 1),
        stream,
        revision,
        id: `${command}/${stream}`,
        type,
        data: data as LoggedEvent['data'],
        metadata: { commandId: command, correlationId: command, time: '2026-01-02T03:04:05.678Z' },
      });
    }
  }
  return log;
}
