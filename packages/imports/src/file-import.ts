import assert from 'node:assert/strict';
import type {
  FileFormat,
  ImportCommands,
  ImportEnd,
  ImportEvents,
  ImportFile,
  ImportTally,
} from '@shelfmark/contracts';
import type { Cause, Decider } from '@shelfmark/event-sourcing';

/** An import: one file, from the request to its last row. */
export type FileImport = { readonly status: 'absent' } | RequestedImport;

export interface RequestedImport {
  readonly status: 'queued' | 'running' | 'completed' | 'failed';
  /** What it adds is caused by this. */
  readonly cause: Cause;
  readonly file: ImportFile;
  readonly dryRun: boolean;
  readonly format?: FileFormat;
  /** So much of the file has been dealt with. */
  readonly bytes: number;
  readonly tally: ImportTally;
  /** So many rows have been reported. */
  readonly reported: number;
  readonly failure?: ImportEnd;
  readonly requestedAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

export const noRows: ImportTally = { added: 0, alreadyThere: 0, deletedSince: 0, different: 0, refused: 0 };

export const fileImport: Decider<FileImport, ImportCommands, ImportEvents, never> = {
  category: 'Import',
  initial: { status: 'absent' },
  entityId: ({ importId }) => importId,

  decide: {
    RequestImport: (state, { file, dryRun }) =>
      state.status === 'absent' ? [{ type: 'ImportRequested', data: { file, dryRun } }] : [],

    StartImport: (state, { format }) =>
      state.status === 'queued' ? [{ type: 'ImportStarted', data: { format } }] : [],

    RecordImportProgress: (state, { bytes, tally, report }) => {
      if (state.status !== 'running') return [];
      const isFurther = bytes > state.bytes || rowsIn(tally) > rowsIn(state.tally);
      return isFurther ? [{ type: 'ImportProgressed', data: { bytes, tally, report } }] : [];
    },

    CompleteImport: (state) =>
      state.status === 'running' ? [{ type: 'ImportCompleted', data: { tally: state.tally } }] : [],

    FailImport: (state, { importId: _, ...end }) => (isUnfinished(state) ? [{ type: 'ImportFailed', data: end }] : []),
  },

  evolve: {
    ImportRequested: (_state, { file, dryRun }, { metadata }) => {
      const { commandId: id, correlationId, actor, traceparent, time } = metadata;
      return {
        status: 'queued',
        cause: {
          id,
          correlationId,
          ...(actor !== undefined && { actor }),
          ...(traceparent !== undefined && { traceparent }),
        },
        file,
        dryRun,
        bytes: 0,
        tally: noRows,
        reported: 0,
        requestedAt: time,
      };
    },
    ImportStarted: (state, { format }, { metadata }) => {
      assert(isUnfinished(state));
      return { ...state, status: 'running', format, startedAt: metadata.time };
    },
    ImportProgressed: (state, { bytes, tally, report }) => {
      assert(isUnfinished(state));
      return { ...state, bytes, tally, reported: state.reported + report.length };
    },
    ImportCompleted: (state, { tally }, { metadata }) => {
      assert(isUnfinished(state));
      return { ...state, status: 'completed', tally, bytes: state.file.bytes, finishedAt: metadata.time };
    },
    ImportFailed: (state, failure, { metadata }) => {
      assert(isUnfinished(state));
      return { ...state, status: 'failed', failure, finishedAt: metadata.time };
    },
  },
};

/** Whether there is still something to be done for it. */
export function isUnfinished(state: FileImport): state is RequestedImport {
  return isUnfinishedStatus(state.status);
}

export function isUnfinishedStatus(status: FileImport['status']): boolean {
  return status === 'queued' || status === 'running';
}

/** How many rows have come to something. */
export function rowsIn({ added, alreadyThere, deletedSince, different, refused }: ImportTally): number {
  return added + alreadyThere + deletedSince + different + refused;
}
