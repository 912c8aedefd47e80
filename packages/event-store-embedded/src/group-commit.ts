import { Overloaded, StoreFailure } from '@shelfmark/event-sourcing';
import { StoreOwnedElsewhere } from './store-errors.js';

/** Something to write: it is judged when its batch is made, and answered when the batch is flushed. */
export interface Write<Batch> {
  readonly bytes: number;
  /** Puts it into the batch and gives the answer; a refusal is thrown. */
  judge(batch: Batch): unknown;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

export interface CommitSteps<Batch> {
  /** Why nothing may be written now, if so. */
  refusal(bytes: number): Error | undefined;
  begin(): Batch;
  /** Resolves once the batch is flushed, to false if the log has another owner; rejects if the write or flush failed. */
  commit(batch: Batch): Promise<boolean>;
  /** Makes what is flushed known, before anybody is answered. */
  apply(batch: Batch): void;
  /** Hears of each flush: how many writes shared it, and how long it took. */
  flushed?(writes: number, ms: number): void;
  /** Called once, after a write or a flush failed, or the log went to another owner. Nothing is written after it. */
  failed(error: StoreFailure | StoreOwnedElsewhere): void;
}

const maxBatchWrites = 4096;
const maxBatchBytes = 4 * 1024 * 1024;
/** Beyond what a disk can be behind with for a moment, a write is refused: whoever waits for it would have given up. */
const maxWaitingWrites = 16_384;
const maxWaitingBytes = 64 * 1024 * 1024;

/**
 * Writes that wait together share one transaction and so one fsync; while it is under way, the next ones collect. Every
 * answer, a refusal too, waits for the flush of its batch, because it may rest on a write that came earlier in it.
 */
export class GroupCommit<Batch> {
  readonly #directory: string;
  readonly #steps: CommitSteps<Batch>;
  #waiting: Write<Batch>[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | undefined;
  #failure: StoreFailure | StoreOwnedElsewhere | undefined;

  constructor(directory: string, steps: CommitSteps<Batch>) {
    this.#directory = directory;
    this.#steps = steps;
  }

  get waiting(): { readonly writes: number; readonly bytes: number } {
    return { writes: this.#waiting.length, bytes: this.#waitingBytes };
  }

  submit(write: Write<Batch>): void {
    if (this.#failure !== undefined) {
      write.reject(this.#failure);
      return;
    }
    if (this.#waiting.length >= maxWaitingWrites || this.#waitingBytes >= maxWaitingBytes) {
      write.reject(new Overloaded('the log', this.#waiting.length));
      return;
    }
    this.#waiting.push(write);
    this.#waitingBytes += write.bytes;
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is waiting or under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Those who were just answered often have a next write, and those who come in one event turn belong together.
    for (await turn(); this.#waiting.length > 0; await turn()) {
      const writes = this.#takeBatch();
      try {
        await this.#commit(writes);
      } catch (error) {
        this.#fail(writes, new StoreFailure('the event log could not be written', { cause: error }));
      }
    }
    this.#running = undefined;
  }

  async #commit(writes: readonly Write<Batch>[]): Promise<void> {
    const bytes = writes.reduce((sum, write) => sum + write.bytes, 0);
    const refusal = this.#steps.refusal(bytes);
    if (refusal !== undefined) {
      for (const write of writes) write.reject(refusal);
      return;
    }
    const batch = this.#steps.begin();
    const answers = writes.map((write): (() => void) => {
      try {
        const answer = write.judge(batch);
        return () => write.resolve(answer);
      } catch (error) {
        return () => write.reject(error as Error);
      }
    });
    const startedAt = performance.now();
    if (!(await this.#steps.commit(batch))) {
      this.#fail(writes, new StoreOwnedElsewhere(this.#directory, undefined));
      return;
    }
    this.#steps.flushed?.(writes.length, performance.now() - startedAt);
    this.#steps.apply(batch);
    for (const answer of answers) answer();
  }

  #takeBatch(): Write<Batch>[] {
    let bytes = 0;
    const beyond = this.#waiting.findIndex(
      (write, index) => index > 0 && (index >= maxBatchWrites || (bytes += write.bytes) > maxBatchBytes),
    );
    const batch = this.#waiting.splice(0, beyond < 0 ? this.#waiting.length : beyond);
    for (const write of batch) this.#waitingBytes -= write.bytes;
    return batch;
  }

  #fail(writes: readonly Write<Batch>[], failure: StoreFailure | StoreOwnedElsewhere): void {
    this.#failure = failure;
    const waiting = this.#waiting.splice(0);
    this.#steps.failed(failure);
    for (const write of [...writes, ...waiting]) write.reject(failure);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
