// A process for the specs to kill, trace and starve: it appends, and says what was answered, each answer with one write.
//   node appender.process.mjs DIRECTORY [CONCURRENCY] [COUNT] [RESERVE_BYTES]
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { EmbeddedEventStore } from '@shelfmark/event-store-embedded';

const [directory, concurrency = '1', count = 'Infinity', reserveBytes = '-Infinity'] = process.argv.slice(2);

const metadata = {
  commandId: randomUUID(),
  commandHash: '0',
  correlationId: randomUUID(),
  causationId: randomUUID(),
  time: '2026-01-02T03:04:05.678Z',
  schemaVersion: 1,
};

function say(line) {
  writeSync(1, `${line}\n`);
}

const store = await EmbeddedEventStore.open({ directory, reserveBytes: Number(reserveBytes) });
say('open');
let number = 0;
await Promise.all(
  Array.from({ length: Number(concurrency) }, async (_, lane) => {
    while (number < Number(count)) {
      number++;
      const events = Array.from({ length: 1 + (number % 3) }, () => ({
        id: randomUUID(),
        type: 'SomethingHappened',
        data: { filler: 'x'.repeat(number % 700) },
        metadata,
      }));
      try {
        const [{ position }] = await store.append([
          { stream: `Lane-${lane}`, expected: 'any', events },
          { stream: `Other-${randomUUID()}`, expected: 'none', events: [{ ...events[0], id: randomUUID() }] },
        ]);
        say(`answer ${position} ${events.at(-1).id}`);
      } catch (error) {
        say(`refused ${error.name}`);
        if (error.name === 'StoreOwnedElsewhere') return;
      }
    }
  }),
);
await store.close();
say('closed');
