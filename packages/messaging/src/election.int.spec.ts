import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Election } from './election.js';
import { TestBus } from './testing/bus.js';
import { until } from './testing/until.js';

let bus: TestBus;
let elections: Election[];

beforeEach(async () => {
  bus = await TestBus.start();
  elections = [];
});
afterEach(async () => {
  await Promise.all(elections.map((election) => election.stop()));
  await bus.close();
});

/** Counts who leads at a time. */
class Office {
  readonly leaders = new Set<string>();
  readonly terms: string[] = [];
  most = 0;

  async candidate(name: string): Promise<Election> {
    const election = new Election({
      connection: await bus.connect(name),
      office: 'relay.book',
      lead: async (signal) => {
        this.terms.push(name);
        this.leaders.add(name);
        this.most = Math.max(this.most, this.leaders.size);
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
        this.leaders.delete(name);
      },
    });
    elections.push(election);
    election.start();
    return election;
  }
}

describe('of several candidates', () => {
  it('one leads; when it stops, another one does, at once', async () => {
    const office = new Office();
    const candidates = new Map<string, Election>();
    for (const name of ['a', 'b', 'c']) candidates.set(name, await office.candidate(name));
    for (let left = 3; left > 0; left--) {
      await until(() => office.leaders.size === 1);
      const [leader] = [...office.leaders];
      expect([...candidates.values()].filter(({ isLeading }) => isLeading)).toEqual([candidates.get(leader!)]);
      await candidates.get(leader!)!.stop();
      expect(office.leaders.size).toBeLessThan(2);
      candidates.delete(leader!);
    }
    expect(office.most).toBe(1);
    expect([...office.terms].sort()).toEqual(['a', 'b', 'c']);
  });

  it('another one leads when the leader vanishes without a word', async () => {
    const office = new Office();
    const vanishing = await bus.connect('vanishing');
    const lost = new Election({
      connection: vanishing,
      office: 'relay.book',
      lead: (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
    });
    lost.start();
    await until(() => lost.isLeading);
    await office.candidate('heir');
    await vanishing.close();
    await until(() => office.leaders.has('heir'));
    await lost.stop();
  });
});

describe('the leader', () => {
  it('goes on when the bus was away, or another one takes over: never two at a time', async () => {
    const office = new Office();
    for (const name of ['a', 'b']) await office.candidate(name);
    await until(() => office.leaders.size === 1);
    await bus.kill();
    await bus.startAgain();
    await until(() => elections.filter(({ isLeading }) => isLeading).length === 1);
    expect(office.most).toBe(1);
  });
});
