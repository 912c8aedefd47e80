import type { ConfigSpec } from '@shelfmark/service-kit';

/** The part of a Kubernetes object that is looked at here. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly selector?: { readonly matchLabels?: Labels } & Readonly<Record<string, unknown>>;
    readonly podSelector?: Selector;
    readonly template?: { readonly metadata: { readonly labels: Labels }; readonly spec: Pod };
    readonly ports?: readonly { readonly name: string; readonly port: number; readonly targetPort?: string }[];
    readonly ingress?: readonly PolicyRule[];
    readonly egress?: readonly PolicyRule[];
    readonly scaleTargetRef?: { readonly kind: string; readonly name: string };
    readonly secretName?: string;
  };
}

export type Labels = Readonly<Record<string, string>>;

export interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}

interface PolicyRule {
  readonly from?: readonly { readonly podSelector?: Selector; readonly namespaceSelector?: Selector }[];
  readonly to?: readonly { readonly podSelector?: Selector; readonly namespaceSelector?: Selector }[];
  readonly ports?: readonly { readonly port: number | string }[];
}

export interface Pod {
  readonly automountServiceAccountToken?: boolean;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
}

interface Volume {
  readonly name: string;
  readonly secret?: { readonly secretName: string; readonly items?: readonly { readonly key: string }[] };
  readonly projected?: { readonly sources: readonly { readonly configMap?: { readonly name: string } }[] };
}

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env?: readonly Variable[];
  readonly envFrom?: readonly {
    readonly configMapRef?: { readonly name: string };
    readonly secretRef?: { readonly name: string; readonly optional?: boolean };
  }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly resources: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: SecretKey };
}

export interface SecretKey {
  readonly name: string;
  readonly key: string;
}

/** Of a name that kustomize has given a hash of its content, what it was before. */
export function plainName(name: string): string {
  return name.replace(/-[a-z0-9]{10}$/, '');
}

/** Every key of a secret that a pod names, in its environment or as a file. */
export function secretKeysOf(pod: Pod): readonly SecretKey[] {
  const inEnv = pod.containers.flatMap(({ env = [] }) => env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []));
  const asFiles = (pod.volumes ?? []).flatMap(({ secret }) =>
    (secret?.items ?? []).map(({ key }) => ({ name: secret!.secretName, key })),
  );
  return [...inEnv, ...asFiles].map(({ name, key }) => ({ name: plainName(name), key }));
}

/** What a container is told, with its secrets in the place of which stand their keys. */
export interface Environment {
  readonly variables: Readonly<Record<string, string>>;
  /** Those that are only there to be put into others. */
  readonly parts: ReadonlySet<string>;
}

/**
 * The environment that the kubelet gives a container: whole config maps first, then one variable after the other, in which `$(NAME)` is what was
 * there before.
 * @param configMaps by name
 * @throws Error where a config map or a variable does not exist
 */
export function environmentOf(container: Container, configMaps: ReadonlyMap<string, Labels>): Environment {
  const variables: Record<string, string> = {};
  const parts = new Set<string>();
  for (const { configMapRef } of container.envFrom ?? []) {
    if (!configMapRef) continue;
    const data = configMaps.get(configMapRef.name);
    if (!data) throw new Error(`${container.name} names the config map ${configMapRef.name}, which does not exist`);
    Object.assign(variables, data);
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const expanded = (value ?? '').replaceAll(/\$\((\w+)\)/g, (_, part: string) => {
      const text = variables[part];
      if (text === undefined) throw new Error(`${name} is made of ${part}, which is not set before it`);
      parts.add(part);
      return text;
    });
    variables[name] = valueFrom?.secretKeyRef?.key ?? expanded;
  }
  return { variables, parts };
}

export function variablesOf(settings: ConfigSpec): readonly string[] {
  return Object.values(settings).map(({ variable }) => variable);
}

export function selects(selector: Selector | undefined, labels: Labels): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, values }) => values.includes(labels[key] ?? ''))
  );
}
