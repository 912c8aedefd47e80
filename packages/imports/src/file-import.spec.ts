import { type FileFormat, schema } from '@shelfmark/contracts';
import { SchemaValidator } from '@shelfmark/event-sourcing';
import { specification } from '@shelfmark/event-sourcing/testing';
import { describe, it } from 'vitest';
import { fileImport, noRows } from './file-import.js';

const given = specification(fileImport, new SchemaValidator(schema));
const importId = '01a1fcc8-d1d5-755e-bb9c-7553cc88b1eb';
const file = { bytes: 1000, sha256: 'a'.repeat(64) };
const format: FileFormat = {
  encoding: 'UTF-8',
  delimiter: ',',
  columns: [{ name: 'Title', field: 'title' }],
  ignoredColumns: ['shelf'],
};
const requested = { type: 'ImportRequested', data: { file, dryRun: false } } as const;
const started = { type: 'ImportStarted', data: { format } } as const;
const halfway = { bytes: 500, tally: { ...noRows, added: 4 }, report: [] };
const progressed = { type: 'ImportProgressed', data: halfway } as const;
const completed = { type: 'ImportCompleted', data: { tally: halfway.tally } } as const;
const failed = { type: 'ImportFailed', data: { code: 'FileMissing' } } as const;

describe('RequestImport', () => {
  it('begins an import, once', () => {
    given().when('RequestImport', { importId, file, dryRun: false }).then([requested]).again().then([]);
  });
});

describe('StartImport', () => {
  it('says how the file is read, once', () => {
    given([requested]).when('StartImport', { importId, format }).then([started]).again().then([]);
  });

  it('comes too late for an import that is over', () => {
    given([requested, failed]).when('StartImport', { importId, format }).then([]);
  });

  it('does nothing about an import that nobody asked for', () => {
    given().when('StartImport', { importId, format }).then([]);
  });
});

describe('RecordImportProgress', () => {
  it('records how far it is, once', () => {
    given([requested, started])
      .when('RecordImportProgress', { importId, ...halfway })
      .then([progressed])
      .again()
      .then([]);
  });

  it('does not go back', () => {
    given([requested, started, progressed])
      .when('RecordImportProgress', { importId, bytes: 400, tally: { ...noRows, added: 3 }, report: [] })
      .then([]);
  });

  it('comes too early before the start, and too late after the end', () => {
    given([requested])
      .when('RecordImportProgress', { importId, ...halfway })
      .then([]);
    given([requested, started, failed])
      .when('RecordImportProgress', { importId, ...halfway })
      .then([]);
  });
});

describe('CompleteImport', () => {
  it('ends it with the tally that was recorded, once', () => {
    given([requested, started, progressed]).when('CompleteImport', { importId }).then([completed]).again().then([]);
  });

  it('does not end what has not started', () => {
    given([requested]).when('CompleteImport', { importId }).then([]);
  });
});

describe('FailImport', () => {
  it('ends an import that waits or runs, once', () => {
    given([requested]).when('FailImport', { importId, code: 'FileMissing' }).then([failed]).again().then([]);
    given([requested, started, progressed])
      .when('FailImport', { importId, code: 'FileMissing' })
      .then([failed])
      .again()
      .then([]);
  });

  it('does not undo one that is complete', () => {
    given([requested, started, progressed, completed]).when('FailImport', { importId, code: 'InternalError' }).then([]);
  });
});
