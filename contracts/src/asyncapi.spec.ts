import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import document from '../generated/asyncapi/shelfmark.asyncapi.json' with { type: 'json' };

describe('the AsyncAPI document', () => {
  it('is AsyncAPI 3 as an independent linter knows it', async () => {
    expect(await complaints(document)).toEqual([]);
    // The linter is one that looks.
    const broken = { ...document, channels: { ...document.channels, CreateBook: { address: 7 } } };
    expect((await complaints(broken)).length).toBeGreaterThan(0);
  });

  it('has each command at its service, with an answer, and each event from its own', () => {
    expect(document.channels.CreateBook.address).toBe('shelfmark.commands.book.CreateBook');
    expect(document.channels.ImportCompleted).toMatchObject({
      address: 'shelfmark.events.{service}.ImportCompleted',
      parameters: { service: { enum: ['book', 'user', 'rent'] } },
    });
    expect(document.operations['book-service.publish.ImportCompleted']).toMatchObject({ action: 'send' });
    expect(document.operations['rent-service.handle.RentBook']).toMatchObject({ action: 'receive', reply: {} });
    expect(document.operations['user-service.publish.EmailClaimed']).toMatchObject({ action: 'send' });
    expect(document.channels).not.toHaveProperty('RecordImportProgress');
  });

  it('has commands closed and events open, for those who read events are older than those who write them', () => {
    const { messages, schemas } = document.components;
    expect(messages.OpenBookRent.payload).toMatchObject({
      additionalProperties: false,
      properties: { source: { additionalProperties: false } },
    });
    expect(messages.BookRentOpened.payload).toEqual({ $ref: '#/components/schemas/BookRentOpened' });
    expect(schemas.BookRentOpened.properties.source).toEqual({ $ref: '#/components/schemas/OwnerRevision' });
    for (const schema of [schemas.BookRentOpened, schemas.OwnerRevision]) {
      expect(schema).not.toHaveProperty('additionalProperties');
    }
  });
});

async function complaints(text: object): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'shelfmark-asyncapi-'));
  try {
    await writeFile(join(folder, 'asyncapi.json'), JSON.stringify(text));
    await writeFile(join(folder, 'redocly.yaml'), 'extends: [spec]\n');
    const cli = join(dirname(createRequire(import.meta.url).resolve('@redocly/cli/package.json')), 'bin', 'cli.js');
    const { stdout } = await promisify(execFile)(process.execPath, [cli, 'lint', 'asyncapi.json', '--format', 'json'], {
      cwd: folder,
      env: { PATH: process.env['PATH'], REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
      maxBuffer: 64 * 1024 * 1024,
    }).catch((error: { stdout: string }) => error);
    const { problems } = JSON.parse(stdout) as { problems: readonly { ruleId: string; message: string }[] };
    return problems.map(({ ruleId, message }) => `${ruleId}: ${message}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}
