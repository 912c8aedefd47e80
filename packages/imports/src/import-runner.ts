import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { ImportCommands } from '@shelfmark/contracts';
import { CommandHandler, type EventStore, type Json, causedCommand, streamName } from '@shelfmark/event-sourcing';
import { EVENT_STORE, withCorrelation } from '@shelfmark/service-kit';
import { type RequestedImport, fileImport, isUnfinished, rowsIn } from './file-import.js';
import { ImportProgress } from './import-progress.js';
import type {
  AddedBy,
  ImportedItems,
  ImportedKind,
  KnownItem,
  Outcome,
  Repair,
  Row,
  RowFault,
  RowPlace,
} from './imported-kind.js';
import { Spools } from './spools.js';
import { untilRoom } from './until-room.js';

/** So many rows are under way at once, and share the flushes of the log. */
const rowsAtOnce = 256;

/** A row that could be added is known by now to be about a certain thing. */
type KnownRow = RowPlace & ({ readonly known: KnownItem; readonly repair?: Repair } | RowFault);

type Items = ImportedItems<unknown, KnownItem>;

/** What the service imports. */
export const IMPORTED_KIND = Symbol('IMPORTED_KIND');

/** Works on imports, one after the other; those that a former process left unfinished come first. */
@Injectable()
export class ImportRunner implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(ImportRunner.name);
  readonly #stopping = new AbortController();
  /** In the order in which they came; the first is being worked on. */
  readonly #waiting: string[] = [];
  #working: Promise<void> | undefined;

  constructor(
    @Inject(CommandHandler) private readonly handler: CommandHandler,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Spools) private readonly spools: Spools,
    @Inject(IMPORTED_KIND) private readonly kind: ImportedKind<unknown, KnownItem>,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const left: { readonly importId: string; readonly requestedAt: string }[] = [];
    for (const importId of await this.spools.open()) {
      const { state } = await this.handler.read(fileImport, importId);
      if (isUnfinished(state)) left.push({ importId, requestedAt: state.requestedAt });
      else await this.spools.removeAll(importId);
    }
    left.sort((a, b) => (a.requestedAt < b.requestedAt ? -1 : 1));
    for (const { importId } of left) this.take(importId);
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopping.abort();
    await this.#working;
  }

  get unfinished(): number {
    return this.#waiting.length;
  }

  /** Works on an import when its turn comes. To take it again, or one that is finished, does nothing. */
  take(importId: string): void {
    if (this.#isStopping || this.#waiting.includes(importId)) return;
    this.#waiting.push(importId);
    this.#beginWork();
  }

  #beginWork(): void {
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
      // One may have come just when the last one was done.
      if (this.#waiting.length > 0 && !this.#isStopping) this.#beginWork();
    });
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #work(): Promise<void> {
    for (let [importId] = this.#waiting; importId !== undefined && !this.#isStopping; [importId] = this.#waiting) {
      const { state } = await this.handler.read(fileImport, importId);
      if (isUnfinished(state)) {
        await withCorrelation(state.cause.correlationId, () => this.#finish(importId, state));
      }
      this.#waiting.shift();
    }
  }

  async #finish(importId: string, state: RequestedImport): Promise<void> {
    try {
      await this.#run(importId, state);
    } catch (error) {
      if (this.#isStopping) return;
      this.#logger.error('an import failed', error, { importId });
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      await this.#tell(state, 'FailImport', { importId, code: isMissing ? 'FileMissing' : 'InternalError' });
    }
    // Only now that its end is flushed: an import that a crash interrupts is found by its file.
    if (!this.#isStopping) await this.spools.removeAll(importId);
  }

  async #run(importId: string, state: RequestedImport): Promise<void> {
    const { dryRun } = state;
    const file = await this.kind.open(this.spools.path(importId, state.file));
    if (!file) return this.#tell(state, 'FailImport', { importId, code: 'NoTitleColumn' });
    if (state.status === 'queued') await this.#tell(state, 'StartImport', { importId, format: file.format });
    const startedAt = await this.#positionOfStart(importId);

    const progress = new ImportProgress(state);
    const items = this.kind.begin(importId);
    // Rows before the recorded progress are only read: those after them are known by what came before.
    let recorded = rowsIn(state.tally);
    for await (const { rows, bytes } of file.rows()) {
      progress.reach(bytes);
      const known = rows.map((row) => identified(row, items));
      const due = known.slice(recorded);
      recorded -= known.length - due.length;
      for (let start = 0; start < due.length && !this.#isStopping; start += rowsAtOnce) {
        const group = due.slice(start, start + rowsAtOnce);
        const outcomes = await this.#settle(group, items, state, startedAt);
        group.forEach((row, index) => progress.add(placeOf(row), outcomes[index]!));
        if (progress.isDue) await this.#record(importId, state, progress);
      }
      if (this.#isStopping) break;
    }
    await this.#record(importId, state, progress);
    if (this.#isStopping) return;
    await this.#tell(state, 'CompleteImport', { importId });
    this.#logger.log('an import is complete', { importId, dryRun, rows: progress.rows });
  }

  /** In the order of the rows; in which order they are added does not matter, unless two are about one thing. */
  async #settle(
    rows: readonly KnownRow[],
    items: Items,
    { cause, dryRun }: RequestedImport,
    startedAt: bigint,
  ): Promise<Outcome[]> {
    const by: AddedBy = { cause, startedAt, signal: this.#stopping.signal };
    const underWay: Promise<Outcome>[] = [];
    for (const row of rows) {
      if ('reason' in row) {
        const { reason, column } = row;
        underWay.push(Promise.resolve({ outcome: 'refused', reason, ...(column !== undefined && { column }) }));
        continue;
      }
      const { known, repair } = row;
      if (known.isRepeated) await Promise.all(underWay);
      const outcome = dryRun ? items.preview(known, by) : items.add(known, by);
      underWay.push(outcome.then((came) => ({ ...repair, ...came })));
    }
    return Promise.all(underWay);
  }

  async #record(importId: string, state: RequestedImport, progress: ImportProgress): Promise<void> {
    // A place is recorded once: what is recorded there has its id, and the report would be another one.
    if (!progress.isAhead) return;
    const progressed = progress.take();
    const place = `${rowsIn(progressed.tally)}/${progressed.bytes}`;
    await this.#tell(state, 'RecordImportProgress', { importId, ...progressed }, place);
  }

  async #tell<Type extends keyof ImportCommands>(
    { cause }: RequestedImport,
    type: Type,
    data: ImportCommands[Type],
    place = '',
  ): Promise<void> {
    const command = causedCommand(cause, type, place, data as unknown as Json);
    await untilRoom(() => this.handler.handle(fileImport, command), this.#stopping.signal);
  }

  /** What rows made that lies after it was added by this import, and not by one before it. */
  async #positionOfStart(importId: string): Promise<bigint> {
    for await (const events of this.store.readStream(streamName(fileImport.category, importId))) {
      const started = events.find(({ type }) => type === 'ImportStarted');
      if (started) return started.position;
    }
    throw new TypeError(`import ${importId} was not started`);
  }
}

function placeOf(row: RowPlace): RowPlace {
  return 'line' in row ? { line: row.line } : { record: row.record };
}

function identified(row: Row<unknown>, items: Items): KnownRow {
  if ('reason' in row) return row;
  const { item, ...rest } = row;
  return { ...rest, known: items.identify(item, placeOf(row)) };
}
