import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Appender } from './testing/appender.js';
import { expectAnswered } from './testing/answered-events.js';
import { temporaryDirectory } from './testing/temporary-directory.js';

const straceWorks = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;
const calls = 'fdatasync,fsync,msync,pwrite64,pwritev,writev,write,openat';

/** Nobody may think that this was tested where it was not. */
describe.skipIf(!straceWorks && process.env['CI'] !== 'true')(
  'under strace (skipped where strace does not work)',
  () => {
    test('a sync of everything written precedes each answer', async () => {
      expect(straceWorks).toBe(true);
      const directory = temporaryDirectory();
      const trace = join(directory, 'trace');
      const log = join(directory, 'log');
      const appender = new Appender({
        directory: log,
        count: 20,
        under: ['strace', '-f', '-y', '-s', '200', '-o', trace, '-e', `trace=${calls}`],
      });
      expect(await appender.exit).toBe(0);
      expect(appender.answers).toHaveLength(20);

      // What was written since the last answer, and how far it got: pages, their sync, the meta page that makes them visible.
      let stage: 'nothing' | 'written' | 'synced' | 'visible' = 'nothing';
      let syncingFile: string | undefined;
      let answers = 0;
      for (const { name, file, text, result } of finishedCalls(readFileSync(trace, 'utf8'))) {
        if (name === 'openat' && text.includes('data.mdb') && text.includes('O_DSYNC'))
          syncingFile = result.split('<')[0];
        if (name === 'write' && text.includes('"answer ')) {
          expect(stage).toBe('visible');
          stage = 'nothing';
          answers++;
        }
        if (!file?.endsWith('/data.mdb>')) continue;
        if (name === 'fdatasync' || name === 'fsync') {
          expect(result).toBe('0');
          if (stage === 'written') stage = 'synced';
        } else if (file.startsWith(`${syncingFile}<`)) {
          // Written through O_DSYNC, so it is on the disk when the call returns.
          expect(stage).toBe('synced');
          stage = 'visible';
        } else {
          stage = 'written';
        }
      }
      expect(answers).toBe(20);
    });

    // Opening takes eight commits; the errors come in the appends that follow.
    test.each([
      ['the sync of the pages', 'fdatasync:error=EIO:when=20'],
      ['the sync of the pages, and of all that follows', 'fdatasync:error=EIO:when=15+'],
      ['writing the pages', 'writev:error=EIO:when=25'],
      ['writing the pages for lack of room', 'writev:error=ENOSPC:when=25+'],
      ['writing the meta page', 'pwrite64:error=EIO:when=60'],
      ['writing anything', 'pwrite64:error=EIO:when=61+'],
    ])('when %s fails, the process ends and has claimed nothing that is not there', async (_what, inject) => {
      expect(straceWorks).toBe(true);
      const directory = temporaryDirectory();
      const under = [
        'strace',
        '-f',
        '-qq',
        '-o',
        '/dev/null',
        '-e',
        `trace=${inject.split(':')[0]}`,
        '-e',
        `inject=${inject}`,
      ];
      const appender = new Appender({ directory, concurrency: 3, under });
      expect(await appender.exit).toBe(70);
      expect(appender.answers.length).toBeGreaterThan(0);
      expect(appender.lines.filter((line) => line.startsWith('refused'))).toEqual([]);
      expect(appender.errors).toContain('could not be written');
      await expectAnswered(directory, appender.answers);
    });
  },
);

interface Call {
  readonly name: string;
  /** The first argument, as `descriptor<path>`. */
  readonly file: string | undefined;
  readonly text: string;
  readonly result: string;
}

/** The calls of a trace in the order in which they returned. */
function* finishedCalls(trace: string): Generator<Call> {
  const begun = new Map<string, string>();
  for (const line of trace.split('\n')) {
    const [, pid, rest] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (pid === undefined || rest === undefined) continue;
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(pid, rest.slice(0, -'<unfinished ...>'.length));
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const text = resumed ? (begun.get(pid) ?? '') + resumed[1]! : rest;
    const [, name, file] = /^(\w+)\((\d+<[^>]*>)?/.exec(text) ?? [];
    if (name !== undefined) yield { name, file, text, result: /= (\S+)[^=]*$/.exec(text)?.[1] ?? '' };
  }
}
