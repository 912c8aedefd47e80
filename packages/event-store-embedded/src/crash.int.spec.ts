import { expect, test } from 'vitest';
import { Appender, type Answer } from './testing/appender.js';
import { expectAnswered } from './testing/answered-events.js';
import { temporaryDirectory } from './testing/temporary-directory.js';

const rounds = 10;

test('everything that was answered is there after the process was killed at any moment, again and again', async () => {
  const directory = temporaryDirectory();
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`SEED=${seed}`);
  const random = randomFrom(seed);
  const answers: Answer[] = [];
  for (let round = 0; round < rounds; round++) {
    const concurrency = [1, 7, 64][round % 3]!;
    const appender = new Appender({ directory, concurrency });
    const enough = Math.floor(random() * 400);
    await appender.says((lines) => lines.length > enough);
    await appender.kill();
    expect(appender.answers.length).toBeGreaterThanOrEqual(enough);
    answers.push(...appender.answers);
    await expectAnswered(directory, answers);
  }
});

/** Mulberry32: a small generator, so that a failure can be repeated from its seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
