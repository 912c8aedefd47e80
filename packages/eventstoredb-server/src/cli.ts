#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { defaultMaxAppendBytes } from './limits.js';
import { startEventStoreDbServer, type EventStoreDbServerOptions } from './server.js';

const usage = `Usage: shelfmark-eventstoredb (--data DIR | --in-memory) (--insecure | --tls-cert FILE --tls-key FILE) [options]

  --port PORT          where it listens; 2113 unless said otherwise, 0 for a free one
  --host HOST          127.0.0.1 unless said otherwise
  --data DIR           the directory of the log
  --in-memory          no directory: the log is gone when it stops (the default)
  --insecure           no encryption, and nobody is asked who they are
  --tls-cert FILE      the certificate, PEM, with those between it and the authority's
  --tls-key FILE       its key, PEM
  --username NAME      whom to let in, with TLS; admin unless said otherwise
  --password PASSWORD  changeit unless said otherwise
  --max-append-size BYTES  what the events of one append may weigh together; 1048576 unless said otherwise
  --system-projections link events by category, type and stream: $ce-, $et- and $streams

A server of EventStoreDB's gRPC protocol, for development and tests.
Exit codes: 0 stopped, 1 failed, 2 wrong use.
`;

class WrongUse extends Error {}

function parseCommandLine(): EventStoreDbServerOptions | undefined {
  const { values } = parse();
  if (values.help === true) return undefined;
  const { port: portText, host, data, username, password, 'max-append-size': sizeText } = values;
  const port = Number(portText);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new WrongUse(`--port: "${portText}" is not a port`);
  const maxAppendBytes = Number(sizeText ?? defaultMaxAppendBytes);
  if (!Number.isSafeInteger(maxAppendBytes) || maxAppendBytes <= 0) {
    throw new WrongUse(`--max-append-size: "${sizeText}" is not a number of bytes`);
  }
  if (data !== undefined && values['in-memory'] === true) throw new WrongUse('--data or --in-memory, not both');
  const [certificate, key] = [values['tls-cert'], values['tls-key']];
  if ((certificate === undefined) !== (key === undefined)) throw new WrongUse('--tls-cert and --tls-key go together');
  if ((certificate === undefined) !== (values.insecure === true)) {
    throw new WrongUse('either --insecure, or --tls-cert and --tls-key');
  }
  return {
    host,
    port,
    username,
    password,
    systemProjections: values['system-projections'],
    maxAppendBytes,
    ...(data === undefined ? {} : { data }),
    ...(certificate === undefined ? {} : { tls: { certificate: readFileSync(certificate), key: readFileSync(key!) } }),
  };
}

function parse() {
  try {
    return parseArgs({
      options: {
        port: { type: 'string', default: '2113' },
        host: { type: 'string', default: '127.0.0.1' },
        data: { type: 'string' },
        'in-memory': { type: 'boolean' },
        insecure: { type: 'boolean' },
        'tls-cert': { type: 'string' },
        'tls-key': { type: 'string' },
        username: { type: 'string', default: 'admin' },
        password: { type: 'string', default: 'changeit' },
        'max-append-size': { type: 'string' },
        'system-projections': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new WrongUse((error as Error).message);
  }
}

async function main(): Promise<void> {
  const options = parseCommandLine();
  if (options === undefined) {
    process.stdout.write(usage);
    return;
  }
  console.log("This is a server of EventStoreDB's protocol for development and tests. Don't keep anything dear in it.");
  const server = await startEventStoreDbServer(options);
  console.log(`listening on ${server.host}:${server.port}`);
  const stop = () => {
    process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM');
    server.stop().catch((error: unknown) => {
      console.error('shelfmark-eventstoredb:', error);
      process.exitCode = 1;
    });
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
}

try {
  await main();
} catch (error) {
  const wrongUse = error instanceof WrongUse;
  console.error(`shelfmark-eventstoredb: ${(error as Error).message}${wrongUse ? `\n\n${usage}` : ''}`);
  process.exitCode = wrongUse ? 2 : 1;
}
