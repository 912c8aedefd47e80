import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ended, killGroup, lastLines, startInBackground, type Command } from './command.js';
import { rotateLog } from './log-rotation.js';
import { identify, type ProcessIdentity } from './process-identity.js';
import { ask, type Probe } from './probe.js';

/** A process that is to run for as long as the supervisor does. */
export interface ProcessSpec {
  readonly name: string;
  /** Names of those that must have been ready once before this one is started. */
  readonly needs: readonly string[];
  /** Asked at every start: a port that was free the last time may not be any more. */
  readonly command: () => Promise<Command>;
  readonly stopSignal: NodeJS.Signals;
}

export interface ProcessRecord {
  readonly name: string;
  readonly identity?: ProcessIdentity;
  readonly probe?: Probe;
  readonly metrics?: string;
  readonly stopSignal: NodeJS.Signals;
  /** ISO 8601, of the present process' start. */
  readonly since?: string;
  readonly restarts: number;
  readonly lastEnd?: string;
}

export interface SupervisorEvents {
  readonly ready: (name: string) => void;
  /** It ended without being asked to, and is started again after `delayMs`. */
  readonly died: (death: Death) => void;
  /** Something about a process changed; `records` are all of them. */
  readonly changed: (records: readonly ProcessRecord[]) => void;
}

type ProcessEvents = Omit<SupervisorEvents, 'changed'> & { readonly changed: () => void };

export interface Death {
  readonly name: string;
  readonly how: string;
  /** How often in a row, without having been up for a while in between. */
  readonly inARow: number;
  readonly delayMs: number;
  readonly logFile: string;
  readonly lastLines: readonly string[];
}

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 10_000;
/** Up for this long, a process counts as sound, and its next death as the first. */
const STABLE_AFTER_MS = 30_000;
/** A little longer than the processes' own deadline for draining. */
const STOP_PATIENCE_MS = 12_000;
const PROBE_INTERVAL_MS = 100;
const LINES_SHOWN = 8;
const LOGS_LOOKED_AT_EVERY_MS = 60_000;

/**
 * Starts processes in the order of what they need, starts again what dies, for ever, and stops them stage by stage in reverse.
 */
export class Supervisor {
  readonly #stages: readonly (readonly Supervised[])[];
  readonly #byName: ReadonlyMap<string, Supervised>;
  #logWatch: NodeJS.Timeout | undefined;

  constructor(stages: readonly (readonly ProcessSpec[])[], logDirectory: string, events: SupervisorEvents) {
    const { ready, died } = events;
    const changed = () => events.changed(this.records);
    this.#stages = stages.map((specs) =>
      specs.map((spec) => new Supervised(spec, join(logDirectory, `${spec.name}.log`), { ready, died, changed })),
    );
    this.#byName = new Map(this.#stages.flat().map((supervised) => [supervised.spec.name, supervised]));
  }

  get records(): readonly ProcessRecord[] {
    return [...this.#byName.values()].map(({ record }) => record);
  }

  /** Resolves when each process has been ready once. It never does when they are stopped before. */
  async start(): Promise<void> {
    const all = [...this.#byName.values()];
    this.#logWatch = setInterval(() => all.forEach(({ logFile }) => rotate(logFile)), LOGS_LOOKED_AT_EVERY_MS).unref();
    for (const supervised of all) {
      const needed = supervised.spec.needs.map((name) => this.#byName.get(name)!.firstReady);
      void Promise.all(needed).then(() => supervised.run());
    }
    await Promise.all(all.map(({ firstReady }) => firstReady));
  }

  /** What is not ready yet, and why. */
  async waitingFor(): Promise<readonly { name: string; reason: string }[]> {
    const states = await Promise.all(
      [...this.#byName.values()].map(async ({ spec: { name }, record: { probe } }) => {
        const state = probe ? await ask(probe) : ({ ready: false, reason: 'not started yet' } as const);
        return state.ready ? [] : [{ name, reason: state.reason }];
      }),
    );
    return states.flat();
  }

  async stop(): Promise<void> {
    clearInterval(this.#logWatch);
    for (const supervised of this.#byName.values()) supervised.retire();
    for (const stage of this.#stages.toReversed()) await Promise.all(stage.map((supervised) => supervised.stop()));
  }

  /** At once and without order; everything that runs here survives that. */
  kill(): void {
    for (const supervised of this.#byName.values()) supervised.kill();
  }
}

/** A disk that is full must not take the supervisor down too; the next look may find room. */
function rotate(logFile: string): void {
  try {
    rotateLog(logFile);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

class Supervised {
  readonly firstReady: Promise<void>;
  #markReady!: () => void;
  #record: ProcessRecord;
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  readonly #retired = new AbortController();

  constructor(
    readonly spec: ProcessSpec,
    readonly logFile: string,
    readonly events: ProcessEvents,
  ) {
    this.#record = { name: spec.name, stopSignal: spec.stopSignal, restarts: 0 };
    this.firstReady = new Promise((resolve) => (this.#markReady = resolve));
  }

  get record(): ProcessRecord {
    return this.#record;
  }

  async run(): Promise<void> {
    for (let inARow = 0; !this.#retired.signal.aborted;) {
      const startedAt = Date.now();
      const how = await this.#runOnce();
      if (this.#retired.signal.aborted) return;

      inARow = Date.now() - startedAt > STABLE_AFTER_MS ? 1 : inARow + 1;
      const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (inARow - 1), LONGEST_DELAY_MS);
      const { name, stopSignal, restarts } = this.#record;
      this.#change({ name, stopSignal, restarts: restarts + 1, lastEnd: how });
      const { logFile } = this;
      this.events.died({ name, how, inARow, delayMs, logFile, lastLines: lastLines(logFile, LINES_SHOWN) });
      await sleep(delayMs, undefined, { signal: this.#retired.signal }).catch(() => undefined);
    }
  }

  /** @returns how it ended */
  async #runOnce(): Promise<string> {
    let command: Command;
    try {
      command = await this.spec.command();
    } catch (error) {
      return (error as Error).message;
    }
    if (this.#retired.signal.aborted) return 'not started';

    rotate(this.logFile);
    const child = startInBackground(command, this.logFile);
    const end = ended(child);
    const gone = new AbortController();
    this.#child = child;
    this.#ended = end.then(() => gone.abort());
    const identity = child.pid === undefined ? undefined : identify(child.pid);
    // Written down before anything else is awaited: if this process is killed now, the next start knows what it left.
    this.#change({
      ...this.#record,
      ...(identity && { identity }),
      probe: command.probe,
      ...(command.metrics !== undefined && { metrics: command.metrics }),
      since: new Date().toISOString(),
    });
    void this.#watchReadiness(command.probe, gone.signal);
    return end;
  }

  async #watchReadiness(probe: Probe, gone: AbortSignal): Promise<void> {
    while (!gone.aborted) {
      const { ready } = await ask(probe);
      if (gone.aborted) return;
      if (ready) {
        this.#markReady();
        this.events.ready(this.spec.name);
        return;
      }
      await sleep(PROBE_INTERVAL_MS, undefined, { signal: gone }).catch(() => undefined);
    }
  }

  #change(record: ProcessRecord): void {
    this.#record = record;
    this.events.changed();
  }

  /** Not to be started again. */
  retire(): void {
    this.#retired.abort();
  }

  async stop(): Promise<void> {
    this.#child?.kill(this.spec.stopSignal);
    // One that is stopped, as by Ctrl-Z, would not hear it.
    this.#child?.kill('SIGCONT');
    const impatience = setTimeout(() => this.kill(), STOP_PATIENCE_MS);
    await this.#ended;
    clearTimeout(impatience);
  }

  kill(): void {
    this.retire();
    if (this.#child) killGroup(this.#child);
  }
}
