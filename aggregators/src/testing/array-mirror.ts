import { setTimeout as sleep } from 'node:timers/promises';
import type { MirrorDelivery } from '@shelfmark/messaging';
import type { FollowMirror } from '../follow-mirror.js';
import type { Log } from './events.js';

/**
 * Logs that a test holds in memory and may append to or replace while they are followed: for what concerns the database alone.
 * What concerns the mirror is tested with the real one.
 */
export function arrayMirror(logs: Record<string, Log>, batchSize = 100): FollowMirror {
  return (service, checkpoint, signal) => {
    let { logId, position } = checkpoint ?? { logId: undefined, position: undefined };
    const left = () =>
      logs[service]?.events.filter((event) => position === undefined || event.position > position) ?? [];
    async function* deliveries(): AsyncGenerator<MirrorDelivery> {
      while (!signal.aborted) {
        const log = logs[service];
        if (log !== undefined && log.logId !== logId) {
          if (logId !== undefined) yield { kind: 'newLog', logId: log.logId };
          ({ logId } = log);
          position = undefined;
        }
        const events = left().slice(0, batchSize);
        if (events.length === 0) {
          await sleep(5, undefined, { signal }).catch(() => undefined);
          continue;
        }
        position = events.at(-1)!.position;
        yield { kind: 'events', events, behind: left().length };
      }
    }
    return {
      status: () => ({ state: 'reading', generation: undefined, behind: left().length, lastError: undefined }),
      [Symbol.asyncIterator]: deliveries,
    };
  };
}
