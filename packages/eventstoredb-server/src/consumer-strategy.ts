import type { RecordedEvent } from '@shelfmark/event-sourcing';
import { fromLog } from './event.js';

export const consumerStrategies = ['DispatchToSingle', 'RoundRobin', 'Pinned', 'PinnedByCorrelation'] as const;
export type ConsumerStrategy = (typeof consumerStrategies)[number];

interface HasRoom {
  readonly hasRoom: boolean;
}

/** Which of a group's consumers gets an event; `undefined` while it has to wait. */
export function chooseConsumer<Consumer extends HasRoom>(
  strategy: ConsumerStrategy,
  consumers: readonly Consumer[],
  event: RecordedEvent,
  turn: number,
): Consumer | undefined {
  switch (strategy) {
    case 'DispatchToSingle':
      return consumers.find(({ hasRoom }) => hasRoom);
    case 'RoundRobin':
      return consumers.map((_, index) => consumers[(turn + index) % consumers.length]!).find(({ hasRoom }) => hasRoom);
    case 'Pinned':
      return pinned(consumers, event.stream);
    case 'PinnedByCorrelation':
      return pinned(consumers, correlationId(event) ?? event.stream);
  }
}

/** Whether an event that has to wait holds up those behind it. With pinning, they may be for somebody else. */
export function holdsUpOthers(strategy: ConsumerStrategy): boolean {
  return strategy === 'DispatchToSingle' || strategy === 'RoundRobin';
}

function pinned<Consumer extends HasRoom>(consumers: readonly Consumer[], key: string): Consumer | undefined {
  let hash = 0;
  for (const character of key) hash = (Math.imul(hash, 31) + character.codePointAt(0)!) >>> 0;
  const consumer = consumers[hash % consumers.length];
  return consumer?.hasRoom === true ? consumer : undefined;
}

function correlationId(event: RecordedEvent): string | undefined {
  try {
    const metadata = JSON.parse(fromLog(event).customMetadata.toString()) as { readonly $correlationId?: unknown };
    return typeof metadata.$correlationId === 'string' ? metadata.$correlationId : undefined;
  } catch {
    return undefined;
  }
}
