import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { findNatsServer, issuerEnvironment } from '@shelfmark/local';
import { type ConfigSpec, readConfig } from '@shelfmark/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OwnProcess, ownProcesses, projectRoot } from '../images/processes.js';
import { canValidate, validate } from '../validate/validate.js';
import {
  type Container,
  environmentOf,
  type Labels,
  type Manifest,
  plainName,
  type Pod,
  secretKeysOf,
  selects,
  variablesOf,
} from './manifests.js';

/** What a process is told that is not its own setting: by Node's name or OpenTelemetry's. */
const isOfOthers = (name: string) => /^(NODE_OPTIONS|OTEL_\w+)$/.test(name);

const preparation: OwnProcess = { name: 'prepare', args: ['aggregators/dist/prepare.js'], settings: {} };

let processes: readonly OwnProcess[];

beforeAll(async () => {
  processes = await ownProcesses();
});

describe.skipIf(!canValidate).each(['dev', 'production'])('the overlay %s', (overlay) => {
  let objects: readonly Manifest[];
  let workloads: readonly Workload[];
  let own: readonly Workload[];
  let configMaps: ReadonlyMap<string, Labels>;

  // Building it refuses whatever the API server would refuse, unknown fields too.
  beforeAll(() => {
    objects = validate('manifests', join(projectRoot, 'infra', 'k8s', 'overlays', overlay)) as Manifest[];
    workloads = objects.flatMap(workloadOf);
    own = workloads.filter(({ container }) => /(^|\/)shelfmark(:|$)/.test(container.image));
    configMaps = new Map(named('ConfigMap').map(({ metadata, data }) => [metadata.name, data ?? {}]));
  }, 600_000);

  const named = (kind: string) => objects.filter((object) => object.kind === kind);

  it('runs every process that there is, and no other', () => {
    const commands = ({ name, args }: { name: string; args: readonly string[] }) => `${name}: ${args.join(' ')}`;
    const manifested = own.map(({ name, container: { args } }) => commands({ name, args }));
    expect(manifested.sort()).toEqual([...processes, preparation].map(commands).sort());
  });

  it('names files of the image that the build makes', () => {
    const files = own.map(({ container }) => container.args[0]!);
    for (const file of files) expect(existsSync(join(projectRoot, file)), file).toBe(true);
  });

  it('tells each process all that it needs, in values that it takes, and nothing that it does not know', () => {
    for (const { name, container, pod } of own) {
      const settings = processes.find((process) => process.name === name)?.settings ?? settingsOfPreparation();
      const { variables, parts } = environmentOf(container, configMaps);
      expect(() => readConfig(settings, here(variables, container)), name).not.toThrow();

      const ownVariables = (container.env ?? []).map((variable) => variable.name);
      const unknown = ownVariables.filter(
        (variable) => !variablesOf(settings).includes(variable) && !parts.has(variable) && !isOfOthers(variable),
      );
      expect({ name, unknown }).toEqual({ name, unknown: [] });
      expect(pod.containers.length).toBe(1);
    }
  });

  it('has no key in a config map, and none in a secret, that no process knows', () => {
    const known = new Set(
      own.flatMap(({ name, container }) => {
        const { parts } = environmentOf(container, configMaps);
        return [...parts, ...variablesOf(processes.find((process) => process.name === name)?.settings ?? {})];
      }),
    );
    const told = own.flatMap(({ container }) =>
      (container.envFrom ?? []).map(({ configMapRef }) => configMapRef?.name),
    );
    const keys = [...new Set(told)].flatMap((name) => Object.keys(configMaps.get(name ?? '') ?? {}));
    expect(keys.filter((key) => !known.has(key) && !isOfOthers(key))).toEqual([]);
  });

  it('gives each process its own user on the bus and its own role in the database, with the password of that one', () => {
    for (const { name, container } of own) {
      const { variables } = environmentOf(container, configMaps);
      const word = name.toUpperCase().replaceAll('-', '_');
      if (variables['NATS_URL'] !== undefined) {
        expect(new URL(variables['NATS_URL'])).toMatchObject({ username: name, password: `NATS_PASSWORD_${word}` });
      }
      if (variables['DATABASE_URL'] !== undefined && name !== preparation.name) {
        const role = name.replaceAll('-', '_');
        expect(new URL(variables['DATABASE_URL'])).toMatchObject({
          username: role,
          password: `DATABASE_PASSWORD_${word}`,
        });
      }
    }
  });

  it('leads every URL to a service that exists, on a port of the pods behind it', () => {
    for (const { name, container } of own) {
      const { variables } = environmentOf(container, configMaps);
      for (const variable of ['NATS_URL', 'DATABASE_URL', 'EVENT_STORE']) {
        const text = variables[variable];
        if (
          text === undefined ||
          !variablesOf(processes.find((process) => process.name === name)?.settings ?? {}).includes(variable)
        )
          continue;
        const { hostname, port } = new URL(text);
        const host = hostname.split('.')[0]!;
        expect([`${host}:${port}`], `${name}'s ${variable}`).toEqual(
          serviceNames().filter((service) => service === `${host}:${port}`),
        );
      }
    }
  });

  it('asks for health where it is answered', () => {
    for (const { name, container } of own.filter((workload) => workload.name !== preparation.name)) {
      const { variables } = environmentOf(container, configMaps);
      const ports = Object.fromEntries((container.ports ?? []).map((port) => [port.name, String(port.containerPort)]));
      expect(ports['health']).toBe(variables['HEALTH_PORT']);
      if (name === 'edge') expect(ports['http']).toBe(variables['PORT']);
      const port = name === 'edge' ? 'http' : 'health';
      expect(container.startupProbe?.httpGet).toMatchObject({ path: '/health/live', port });
      expect(container.livenessProbe?.httpGet).toMatchObject({ path: '/health/live', port });
      expect(container.readinessProbe?.httpGet).toMatchObject({ path: '/health/ready', port });
    }
  });

  it('probes, serves and protects only ports that containers have', () => {
    for (const { container } of workloads) {
      const ports = (container.ports ?? []).map(({ name }) => name);
      for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
        if (probe?.httpGet) expect(ports).toContain(probe.httpGet.port);
      }
    }
    for (const service of named('Service')) {
      const behind = workloads.filter(({ labels }) =>
        selects({ matchLabels: service.spec!.selector as Labels }, labels),
      );
      expect(behind.length, service.metadata.name).toBe(1);
      for (const { targetPort } of service.spec!.ports!) {
        expect(behind[0]!.container.ports!.map(({ name }) => name)).toContain(targetPort);
      }
    }
  });

  it('names in policies, budgets and autoscalers only what exists', () => {
    const pods = [...workloads.map(({ labels }) => labels), ...(overlay === 'production' ? [postgresLabels] : [])];
    const isThere = (selector: Parameters<typeof selects>[0]) => pods.some((labels) => selects(selector, labels));
    for (const { metadata, spec } of named('NetworkPolicy')) {
      expect(isThere(spec!.podSelector), metadata.name).toBe(true);
      for (const peer of [...(spec!.ingress ?? []), ...(spec!.egress ?? [])].flatMap(({ from, to }) => [
        ...(from ?? []),
        ...(to ?? []),
      ])) {
        if (peer.podSelector && !peer.namespaceSelector) expect(isThere(peer.podSelector), metadata.name).toBe(true);
      }
    }
    for (const { metadata, spec } of named('PodDisruptionBudget'))
      expect(isThere(spec!.selector), metadata.name).toBe(true);
    for (const { metadata, spec } of named('HorizontalPodAutoscaler')) {
      const { kind, name } = spec!.scaleTargetRef!;
      expect(
        workloads.map((workload) => `${workload.kind} ${workload.name}`),
        metadata.name,
      ).toContain(`${kind} ${name}`);
    }
  });

  it('lets each process through to what its settings name, and to nothing else', () => {
    for (const { name, labels, container } of own) {
      const { variables } = environmentOf(container, configMaps);
      const settings = processes.find((process) => process.name === name)?.settings ?? settingsOfPreparation();
      const needs = (variable: string) => variablesOf(settings).includes(variable) && variables[variable] !== undefined;
      expect({
        name,
        bus: labels['access-bus'],
        database: labels['access-database'],
        store: labels['access-event-store'],
      }).toEqual({
        name,
        bus: needs('NATS_URL') ? 'true' : undefined,
        database: needs('DATABASE_URL') ? 'true' : undefined,
        store: needs('EVENT_STORE') ? 'true' : undefined,
      });
    }
  });

  it('runs nothing as root, nothing with privileges, and nothing of ours with a token of the cluster', () => {
    for (const { name, pod, container } of workloads) {
      expect(pod.automountServiceAccountToken, name).toBe(false);
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      });
      const isWritable =
        overlay === 'dev' && own.some((workload) => workload.name === name && name !== preparation.name);
      expect(container.securityContext['readOnlyRootFilesystem'], name).toBe(!isWritable);
      expect(container.resources).toMatchObject({
        requests: { cpu: expect.any(String), memory: expect.any(String) },
        limits: { memory: expect.any(String) },
      });
    }
  });

  it('gives the bus the passwords that its users have', () => {
    const users = readFileSync(join(projectRoot, 'infra', 'nats', 'authorization.conf'), 'utf8').matchAll(
      /user: "([^"]+)"\s+password: \$(\w+)/g,
    );
    const table = Object.fromEntries([...users].map(([, user, variable]) => [user, variable]));
    const names = [...processes.map(({ name }) => name), 'operator'];
    expect(table).toEqual(
      Object.fromEntries(names.map((name) => [name, `NATS_PASSWORD_${name.toUpperCase().replaceAll('-', '_')}`])),
    );
  });

  it('has every secret key that is named: generated, made by an operator, or in the list of docs/operations/cluster.md', () => {
    const generated = named('Secret').flatMap(({ metadata, data }) =>
      Object.keys(data!).map((key) => `${plainName(metadata.name)}/${key}`),
    );
    const made = [
      ...named('Certificate').flatMap(({ spec }) =>
        ['tls.crt', 'tls.key', 'ca.crt'].map((key) => `${spec!.secretName}/${key}`),
      ),
      ...named('Cluster').flatMap(({ metadata }) => [
        `${metadata.name}-app/username`,
        `${metadata.name}-app/password`,
        `${metadata.name}-ca/ca.crt`,
      ]),
    ];
    const listed = overlay === 'production' ? listedSecrets() : generated;
    const used = workloads.flatMap(({ pod }) => secretKeysOf(pod)).map(({ name, key }) => `${name}/${key}`);
    const wholly = [
      ...processes.map(({ name }) => `nats-passwords/NATS_PASSWORD_${name.toUpperCase().replaceAll('-', '_')}`),
      'nats-passwords/NATS_PASSWORD_OPERATOR',
      ...variablesOf(settingsOfPreparation())
        .filter((name) => name !== 'DATABASE_URL')
        .map((name) => `database-passwords/${name}`),
    ];
    expect([...used, ...wholly].filter((key) => !listed.includes(key) && !made.includes(key))).toEqual([]);
    expect(listed.filter((key) => ![...used, ...wholly].includes(key) && !key.startsWith('notices/'))).toEqual([]);
  });

  it.runIf(overlay === 'dev')('believes tokens that are signed with the key in its folder', async () => {
    const folder = join(projectRoot, 'infra', 'k8s', 'overlays', overlay);
    const { OIDC_ISSUER, OIDC_JWKS_URL } = await issuerEnvironment(folder);
    const edge = own.find(({ name }) => name === 'edge')!;
    expect(environmentOf(edge.container, configMaps).variables).toMatchObject({ OIDC_ISSUER, OIDC_JWKS_URL });
  });

  function serviceNames(): readonly string[] {
    const services = named('Service').flatMap(({ metadata, spec }) =>
      spec!.ports!.map(({ port }) => `${metadata.name}:${port}`),
    );
    // The operator makes it.
    return [...services, ...named('Cluster').map(({ metadata }) => `${metadata.name}-rw:5432`)];
  }
});

describe.skipIf(!canValidate)('what is wrong with a manifest', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'shelfmark-manifests-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('is told: a field that is unknown, also to an operator, and what the API server would not take', () => {
    const patch = (kind: string, name: string, path: string, value: string) => ({
      target: { kind, name },
      patch: JSON.stringify([{ op: 'add', path, value }]),
    });
    const kustomization = {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: [relative(realpathSync(directory), join(projectRoot, 'infra', 'k8s', 'overlays', 'production'))],
      patches: [
        patch('Deployment', 'edge', '/spec/template/spec/containers/0/restarts', 'never'),
        patch('Certificate', 'nats', '/spec/issuer', 'authority'),
        patch('Cluster', 'postgres', '/spec/primaryUpdateStrategy', 'sometimes'),
        patch('StatefulSet', 'nats', '/spec/selector/matchLabels/app.kubernetes.io~1name', 'bus'),
      ],
    };
    writeFileSync(join(directory, 'kustomization.yaml'), JSON.stringify(kustomization));
    const mistakes = /Deployment edge: .*unknown field.*restarts[^]*Certificate nats: [^]*issuer/;
    expect(() => validate('manifests', directory)).toThrow(mistakes);
    expect(() => validate('manifests', directory)).toThrow(/Cluster postgres: [^]*primaryUpdateStrategy/);
    expect(() => validate('manifests', directory)).toThrow(/StatefulSet nats: spec.template.metadata.labels/);
  }, 600_000);
});

describe('the configuration of the bus', () => {
  it('is taken by a server, for one and for three', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'shelfmark-nats-'));
    try {
      const { path: server } = await findNatsServer(process.env, directory);
      const files = join(projectRoot, 'infra', 'nats');
      cpSync(join(files, 'authorization.conf'), join(directory, 'authorization.conf'));
      const passwords = readFileSync(join(files, 'authorization.conf'), 'utf8').match(/\bNATS_PASSWORD_\w+/g)!;
      const env = { SERVER_NAME: 'nats-0', ...Object.fromEntries(passwords.map((name) => [name, 'password'])) };
      const key = ['-keyout', join(directory, 'tls.key'), '-out', join(directory, 'tls.crt'), '-subj', '/CN=nats'];
      execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...key], { stdio: 'pipe' });
      for (const file of [
        join(files, 'nats.conf'),
        join(projectRoot, 'infra', 'k8s', 'overlays', 'production', 'nats.conf'),
      ]) {
        const text = readFileSync(file, 'utf8').replace('/etc/nats-tls/ca.crt', join(directory, 'tls.crt'));
        writeFileSync(join(directory, 'nats.conf'), text.replaceAll('/etc/nats-tls', directory));
        const { status, stderr } = spawnSync(server, ['-t', '-c', join(directory, 'nats.conf')], {
          env,
          encoding: 'utf8',
        });
        expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining('is valid') });
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

interface Workload {
  readonly kind: string;
  readonly name: string;
  readonly labels: Labels;
  readonly pod: Pod;
  readonly container: Container;
}

function workloadOf({ kind, metadata, spec }: Manifest): readonly Workload[] {
  if (!spec?.template) return [];
  const { metadata: template, spec: pod } = spec.template;
  return [{ kind, name: metadata.name, labels: template.labels, pod, container: pod.containers[0]! }];
}

/** As CloudNativePG labels the pods of the cluster `postgres`. */
const postgresLabels = { 'cnpg.io/cluster': 'postgres', 'app.kubernetes.io/component': 'database' };

function settingsOfPreparation(): ConfigSpec {
  const roles = processes
    .filter(({ settings }) => variablesOf(settings).includes('DATABASE_URL'))
    .map(({ name }) => name);
  const passwords = roles.map((name) => `DATABASE_PASSWORD_${name.toUpperCase().replaceAll('-', '_')}`);
  const text = (variable: string) => ({ variable, secret: true, fallback: '', parse: (value: string) => ({ value }) });
  return Object.fromEntries(['DATABASE_URL', ...passwords].map((variable) => [variable, text(variable)]));
}

/** A file that is mounted in a container is not here: another one that exists stands for it. */
function here(variables: Readonly<Record<string, string>>, { volumeMounts = [] }: Container): Record<string, string> {
  const entries = Object.entries(variables).map(([name, value]) => {
    const text = volumeMounts.reduce(
      (now, { mountPath }) => now.replace(`${mountPath}/ca.crt`, join(projectRoot, 'LICENSE')),
      value,
    );
    return [name, text] as const;
  });
  return Object.fromEntries(entries);
}

/** The rows of the table of secrets, such as `kurrentdb/ADMIN_PASSWORD`. */
function listedSecrets(): readonly string[] {
  const page = readFileSync(join(projectRoot, 'docs', 'operations', 'cluster.md'), 'utf8');
  return [...page.matchAll(/^\| `([\w-]+)` +\| `(\w+)` +\|/gm)].map(([, name, key]) => `${name}/${key}`);
}
