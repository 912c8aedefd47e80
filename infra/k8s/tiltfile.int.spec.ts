import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../images/processes.js';
import { canValidate, validate } from '../validate/validate.js';
import type { Manifest } from './manifests.js';

interface Call {
  readonly function: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

describe.skipIf(!canValidate)('the Tiltfile', () => {
  let calls: readonly Call[];
  let workloads: readonly Manifest[];

  // It is executed by the interpreter that Tilt has, and what it asks of Tilt is written down.
  beforeAll(() => {
    calls = validate('tiltfile', join(projectRoot, 'Tiltfile')) as Call[];
    const [overlay] = of('kustomize');
    const objects = validate('manifests', join(projectRoot, overlay!.args[0] as string)) as Manifest[];
    workloads = objects.filter(({ spec }) => spec?.template);
  }, 600_000);

  const of = (name: string) => calls.filter((call) => call.function === name);

  it('names every workload of its overlay, each in a group, and no other', () => {
    const resources = of('k8s_resource');
    expect(resources.map(({ args }) => args[0]).sort()).toEqual(workloads.map(({ metadata }) => metadata.name).sort());
    for (const { args, kwargs } of resources) expect((kwargs['labels'] as string[]).length, String(args[0])).toBe(1);
  });

  it('waits only for resources that there are', () => {
    const names = [...of('k8s_resource'), ...of('local_resource')].map(({ args }) => args[0]);
    for (const { kwargs } of of('k8s_resource'))
      expect(names).toEqual(expect.arrayContaining((kwargs['resource_deps'] ?? []) as string[]));
    for (const { kwargs } of of('cmd_button')) expect(names).toContain(kwargs['resource']);
  });

  it('forwards ports that the containers have', () => {
    for (const { args, kwargs } of of('k8s_resource')) {
      const workload = workloads.find(({ metadata }) => metadata.name === args[0])!;
      const ports = (workload.spec!.template!.spec.containers[0]!.ports ?? []).map(({ containerPort }) =>
        String(containerPort),
      );
      const forwarded = ((kwargs['port_forwards'] ?? []) as string[]).map((forward) => forward.split(':').at(-1)!);
      expect(ports).toEqual(expect.arrayContaining(forwarded));
    }
  });

  it('puts what is compiled to where the image has it', () => {
    const [build] = of('custom_build');
    const workDir = /^WORKDIR (.+)$/m.exec(readFileSync(join(projectRoot, 'Dockerfile'), 'utf8'))![1]!;
    const folders = of('sync').map(({ args }) => args as [string, string]);
    for (const [here, there] of folders) {
      expect(existsSync(join(projectRoot, here)), here).toBe(true);
      expect(there).toBe(`${workDir}/${here}`);
    }
    const fallBack = of('fall_back_on').flatMap(({ args }) => args[0] as string[]);
    expect([...folders.map(([here]) => here), ...fallBack].sort()).toEqual(
      [...(build!.kwargs['deps'] as string[])].sort(),
    );
    for (const file of fallBack) expect(existsSync(join(projectRoot, file)), file).toBe(true);
  });

  it('builds the image of the workloads, in a stage that there is', () => {
    const [build] = of('custom_build');
    const [image, command] = build!.args as [string, string];
    const images = workloads.map(({ spec }) => spec!.template!.spec.containers[0]!.image);
    expect(images).toContain(image);
    const target = /--target (\w+)/.exec(command)![1]!;
    expect(readFileSync(join(projectRoot, 'Dockerfile'), 'utf8')).toMatch(new RegExp(`^FROM \\w+ AS ${target}$`, 'm'));
  });

  it('has buttons whose commands name scripts, files, workloads and tables that exist', () => {
    const [catalogue, psql] = of('cmd_button').map(({ kwargs }) => kwargs['argv'] as string[]);
    const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { scripts: object };
    expect(Object.keys(scripts)).toContain(catalogue![2]);
    expect(existsSync(join(projectRoot, catalogue![4]!))).toBe(true);
    const [, namespace, kind, name] = /--namespace (\S+) (\w+)\/(\w+)/.exec(psql!.join(' '))!;
    expect(
      workloads.map((workload) => [workload.metadata.namespace, workload.kind.toLowerCase(), workload.metadata.name]),
    ).toContainEqual([namespace, kind, name]);
    const [input] = of('text_input');
    const [, view, table] = /FROM (\w+)\.(\w+)/.exec(input!.kwargs['default'] as string)!;
    expect(readFileSync(join(projectRoot, 'aggregators', 'SCHEMA.md'), 'utf8')).toMatch(
      new RegExp(`${view}[^]*${table}`),
    );
  });

  it('runs local commands whose files exist', () => {
    for (const { kwargs } of of('local_resource')) {
      for (const command of [kwargs['cmd'], kwargs['serve_cmd']] as string[]) {
        const file = command.split(' ').find((word) => word.includes('/'))!;
        expect(existsSync(join(projectRoot, file)), file).toBe(true);
      }
    }
  });
});
