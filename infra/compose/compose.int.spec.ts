import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '@shelfmark/service-kit';
import { beforeAll, describe, expect, it } from 'vitest';
import { type OwnProcess, ownProcesses, projectRoot } from '../images/processes.js';
import { canValidate, validate } from '../validate/validate.js';

interface Service {
  readonly image: string;
  readonly command: readonly string[] | null;
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly ports?: readonly { readonly host_ip?: string; readonly target: number }[];
}

const ofOthers = ['NODE_OPTIONS'];

describe.skipIf(!canValidate)('compose.yaml', () => {
  let services: Readonly<Record<string, Service>>;
  let processes: readonly OwnProcess[];

  // Loading it refuses whatever Docker Compose would refuse, names that lead nowhere too.
  beforeAll(async () => {
    processes = await ownProcesses();
    const asked = readFileSync(join(projectRoot, 'compose.yaml'), 'utf8').matchAll(/\$\{(\w+):\?/g);
    const given = [...new Set([...asked].map(([, name]) => name!))].map((name) =>
      name === 'OIDC_ISSUER' ? `${name}=https://issuer.example.org/` : `${name}=${name.toLowerCase()}`,
    );
    const { services: loaded } = validate('compose', join(projectRoot, 'compose.yaml'), ...given) as {
      services: typeof services;
    };
    services = loaded;
  }, 600_000);

  it('runs every process that there is, with all that it needs and nothing that it does not know', () => {
    const own = Object.entries(services).filter(([, { image }]) => image === 'shelfmark');
    expect(own.map(([name]) => name).sort()).toEqual([...processes.map(({ name }) => name), 'prepare'].sort());
    for (const { name, args, settings } of processes) {
      const { command, environment = {} } = services[name]!;
      expect(command).toEqual(args);
      const given = Object.fromEntries(Object.entries(environment).map(([variable, value]) => [variable, value ?? '']));
      expect(() => readConfig(settings, given), name).not.toThrow();
      const known = [...Object.values(settings).map(({ variable }) => variable), ...ofOthers];
      expect(
        Object.keys(given).filter((variable) => !known.includes(variable)),
        name,
      ).toEqual([]);
    }
  });

  it('gives each process its own user and role, and the servers the same passwords', () => {
    for (const { name } of processes) {
      const word = name.toUpperCase().replaceAll('-', '_');
      const { NATS_URL, DATABASE_URL } = services[name]!.environment!;
      expect(new URL(NATS_URL!)).toMatchObject({
        username: name,
        password: services['nats']!.environment![`NATS_PASSWORD_${word}`],
      });
      if (DATABASE_URL == null) continue;
      const password = services['prepare']!.environment![`DATABASE_PASSWORD_${word}`];
      expect(new URL(DATABASE_URL)).toMatchObject({ username: name.replaceAll('-', '_'), password });
    }
  });

  it('has a file for the command that prepares the database', () => {
    const file = services['prepare']!.command![0]!;
    expect(existsSync(join(projectRoot, file))).toBe(true);
  });

  it('shows nothing beyond this machine, and runs nothing with more than it needs', () => {
    for (const [name, service] of Object.entries(services)) {
      for (const port of service.ports ?? []) expect(port.host_ip, name).toBe('127.0.0.1');
      expect(service, name).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        user: expect.stringMatching(/^\d+:\d+$/),
      });
    }
    expect(services['edge']!.ports!.map(({ target }) => String(target))).toEqual([
      services['edge']!.environment!['PORT'],
    ]);
  });
});
