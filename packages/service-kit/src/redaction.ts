const redacted = '[redacted]';

/**
 * Fields whose values never reach a log, at whatever depth: credentials, what tells who a person is, and message bodies,
 * which hold either. Compared without case, dashes and underscores.
 */
const hiddenFields = new Set([
  'authorization',
  'proxyauthorization',
  'cookie',
  'setcookie',
  'password',
  'secret',
  'token',
  'accesstoken',
  'refreshtoken',
  'apikey',
  'name',
  'username',
  'email',
  'address',
  'q', // what people search for is people, too
  'data',
  'body',
  'payload',
]);

/** Deeper than this nothing that we log goes; a cycle ends here, too. */
const maxDepth = 8;

/** A copy of what is to be logged, without the values of fields that a log must not hold. */
export function redactFields(fields: object): Record<string, unknown> {
  return redactObject(fields, 0);
}

function redactObject(object: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]: [string, unknown]) => [
      key,
      hiddenFields.has(key.toLowerCase().replace(/[-_]/g, '')) ? redacted : redactValue(value, depth + 1),
    ]),
  );
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > maxDepth) return '…';
  if (value instanceof Error) return describeError(value, depth);
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  return redactObject(value, depth);
}

/**
 * Only these fields of an error: a driver's error carries the statement's parameters and the row that it is about
 * (`detail`, `where`), which are people's names and addresses.
 */
function describeError(error: Error, depth: number): Record<string, unknown> {
  const code: unknown = 'code' in error ? error.code : undefined;
  return {
    type: error.name,
    message: error.message,
    ...(code !== undefined && { code: redactValue(code, depth + 1) }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: redactValue(error.cause, depth + 1) }),
  };
}

/** The text with the user and password of every URL in it blotted out. */
export function withoutCredentials(text: string): string {
  return text.includes('@') ? text.replace(/:\/\/[^\s/"]*@/g, `://${redacted}@`) : text;
}

// Not anchored to the beginning of a word, the search would be quadratic in a long word without an @.
const mailAddress = /(?<![^\s"<>()[\]\\,;:@])[^\s"<>()[\]\\,;:@]+@(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}/gu;

/** The text with credentials in URLs and all mail addresses blotted out. */
export function redactText(text: string): string {
  return text.includes('@') ? withoutCredentials(text).replace(mailAddress, redacted) : text;
}
