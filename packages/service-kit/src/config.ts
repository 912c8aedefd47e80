import { withoutCredentials } from './redaction.js';

/** One setting: the environment variable that it comes from, and how its text becomes a value. */
export interface Setting<Value> {
  readonly variable: string;
  /** Printed nowhere, not even when it is wrong. */
  readonly secret: boolean;
  /** What is used when the variable is absent or empty; without it the variable is required. */
  readonly fallback: Value | undefined;
  /** The value, or what is wrong with the text, as the end of a sentence that begins with the variable's name. */
  parse(text: string): { readonly value: Value } | { readonly mistake: string };
}

export type ConfigSpec = { readonly [name: string]: Setting<unknown> };

/** The values of a spec. */
export type Config<Spec extends ConfigSpec> = {
  readonly [Name in keyof Spec]: Spec[Name] extends Setting<infer Value> ? Value : never;
};

/** The environment does not hold what the process needs. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(
    /** One sentence each, naming the variable; without the value of a secret. */
    readonly mistakes: readonly string[],
  ) {
    super(mistakes.join('\n'));
  }
}

/** `EX_CONFIG` of sysexits.h: starting again without another environment is of no use. */
export const configExitCode = 78;

/**
 * Reads every setting of a spec from the environment.
 * @throws ConfigError with all mistakes at once, so that they are mended in one round
 */
export function readConfig<Spec extends ConfigSpec>(spec: Spec, env: NodeJS.ProcessEnv = process.env): Config<Spec> {
  const mistakes: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(spec)) {
    const text = env[setting.variable];
    if (text === undefined || text === '') {
      if (setting.fallback === undefined) mistakes.push(`${setting.variable} is not set`);
      values[name] = setting.fallback;
      continue;
    }
    const parsed = setting.parse(text);
    if ('value' in parsed) values[name] = parsed.value;
    else mistakes.push(`${setting.variable} ${parsed.mistake}${setting.secret ? '' : `, and is ${shown(text)}`}`);
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return values as Config<Spec>;
}

/**
 * Reads the settings, or says on stderr what is wrong with them and ends the process with {@link configExitCode}.
 * @param conflicts what is wrong with settings that are right each by itself: one sentence each, naming the variables
 */
export function configOrExit<Spec extends ConfigSpec>(
  spec: Spec,
  conflicts: (config: Config<Spec>) => readonly string[] = () => [],
): Config<Spec> {
  try {
    const config = readConfig(spec);
    const mistakes = conflicts(config);
    if (mistakes.length > 0) throw new ConfigError(mistakes);
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`The configuration is wrong:\n${error.mistakes.map((mistake) => `  ${mistake}\n`).join('')}`);
    process.exit(configExitCode);
  }
}

/** A setting that may be left out, and is `null` then. */
export function optional<Value>(setting: Setting<Value>): Setting<Value | null> {
  return { ...setting, fallback: null };
}

/** Any text that is not empty. */
export function text(variable: string, options: { readonly default?: string } = {}): Setting<string> {
  return { variable, secret: false, fallback: options.default, parse: (value) => ({ value }) };
}

/** A whole number within bounds, both inclusive. */
export function integer(
  variable: string,
  options: { readonly min: number; readonly max: number; readonly default?: number },
): Setting<number> {
  const { min, max } = options;
  return {
    variable,
    secret: false,
    fallback: options.default,
    parse: (raw) => {
      const value = /^-?\d{1,15}$/.test(raw) ? Number(raw) : NaN;
      return value >= min && value <= max ? { value } : { mistake: `must be a whole number from ${min} to ${max}` };
    },
  };
}

/** A TCP port; 0 lets the system choose a free one. */
export function port(variable: string, options: { readonly default?: number } = {}): Setting<number> {
  return integer(variable, { min: 0, max: 65_535, ...options });
}

/** An absolute URL of one of the protocols (without their colons), as the text that it was given as. */
export function url(
  variable: string,
  options: { readonly protocols: readonly string[]; readonly secret?: boolean; readonly default?: string },
): Setting<string> {
  const { protocols, secret = false } = options;
  return {
    variable,
    secret,
    fallback: options.default,
    parse: (value) => {
      const protocol = URL.canParse(value) ? new URL(value).protocol.slice(0, -1) : undefined;
      if (protocol !== undefined && protocols.includes(protocol) && new URL(value).hostname !== '') return { value };
      return { mistake: `must be a URL that starts with ${oneOf(protocols.map((name) => `${name}://`))}` };
    },
  };
}

/** One of the given words. */
export function choice<const Word extends string>(
  variable: string,
  words: readonly Word[],
  options: { readonly default?: NoInfer<Word> } = {},
): Setting<Word> {
  return {
    variable,
    secret: false,
    fallback: options.default,
    parse: (raw) => {
      const value = words.find((word) => word === raw);
      return value === undefined ? { mistake: `must be ${oneOf(words)}` } : { value };
    },
  };
}

/** A time zone of the IANA database, such as Europe/Berlin. */
export function timeZone(variable: string, options: { readonly default?: string } = {}): Setting<string> {
  return {
    variable,
    secret: false,
    fallback: options.default,
    parse: (value) => {
      try {
        new Intl.DateTimeFormat('en', { timeZone: value });
        return { value };
      } catch {
        return { mistake: 'must be a time zone, such as Europe/Berlin' };
      }
    },
  };
}

function oneOf(words: readonly string[]): string {
  return words.length === 1 ? words[0]! : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function shown(value: string): string {
  return JSON.stringify(withoutCredentials(value.length > 100 ? `${value.slice(0, 100)}…` : value));
}
