import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { configExitCode } from './config.js';

const built = new URL('../dist/config.js', import.meta.url).href;

const program = `
  import { configOrExit, port, url } from ${JSON.stringify(built)};
  configOrExit({ natsUrl: url('NATS_URL', { protocols: ['nats'], secret: true }), port: port('PORT') });
  console.log('went on');
`;

it('ends a process that is configured wrongly at once, with exit code 78 and every mistake on stderr', async () => {
  const env = { NATS_URL: 'http://desk:hunter2@nats', PORT: 'x' };
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const ended = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { env, cwd });
  await expect(ended).rejects.toMatchObject({
    code: configExitCode,
    stdout: '',
    stderr: `The configuration is wrong:
  NATS_URL must be a URL that starts with nats://
  PORT must be a whole number from 0 to 65535, and is "x"
`,
  });
});
