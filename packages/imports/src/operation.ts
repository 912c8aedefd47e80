import type { GetImport, ImportOperation, ImportProgressed, ReportedRow } from '@shelfmark/contracts';
import { type CommandHandler, type EventStore, streamName } from '@shelfmark/event-sourcing';
import { fileImport, rowsIn } from './file-import.js';

/** An import as its stream tells it, with a page of its report. @returns nothing where there is no such import */
export async function readOperation(
  handler: CommandHandler,
  store: EventStore,
  { importId, after, limit }: GetImport,
): Promise<ImportOperation | undefined> {
  const { state, position } = await handler.read(fileImport, importId);
  if (state.status === 'absent') return undefined;
  const { status, cause: _, ...told } = state;
  const { bytes, ...rest } = told;
  const { report, next } = await readReport(store, importId, after ?? '0.0', limit);
  return {
    ...rest,
    state: status,
    bytesDone: bytes,
    rows: rowsIn(rest.tally),
    report,
    ...(next !== undefined && { next }),
    position: String(position),
  };
}

/**
 * Reported rows lie in the events that record progress. A place among them is the revision of the event, and how many of its rows are
 * before it.
 */
async function readReport(
  store: EventStore,
  importId: string,
  after: string,
  limit: number,
): Promise<{ readonly report: ReportedRow[]; readonly next?: string }> {
  const [from, skipped] = after.split('.').map(Number) as [number, number];
  const report: ReportedRow[] = [];
  let next = after;
  for await (const events of store.readStream(streamName(fileImport.category, importId), { from })) {
    for (const { type, revision, data } of events) {
      if (type !== 'ImportProgressed') continue;
      const rows = (data as unknown as ImportProgressed).report;
      for (let index = revision === from ? skipped : 0; index < rows.length; index++) {
        if (report.length === limit) return { report, next };
        report.push(rows[index]!);
        next = `${revision}.${index + 1}`;
      }
    }
  }
  return { report };
}
