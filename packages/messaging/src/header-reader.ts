import { decodeHeaderValue } from './header-value.js';
import { MalformedMessage } from './malformed-message.js';
import type { Headers } from './received-headers.js';

const decimal = /^(0|[1-9]\d*)$/;
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Reads typed values from a message's headers; whatever is missing or wrong is a {@link MalformedMessage} that names it. */
export class HeaderReader {
  readonly #headers: ReadonlyMap<string, readonly string[]>;

  /** @param maxCharacters the longest value that is taken; what is longer is malformed */
  constructor(
    headers: Headers | undefined,
    private readonly maxCharacters = Infinity,
  ) {
    this.#headers = headers instanceof Map ? headers : new Map(headers);
  }

  optionalText(name: string): string | undefined {
    const values = this.#headers.get(name);
    if (values === undefined) return undefined;
    const [value] = values;
    if (values.length > 1) throw new MalformedMessage(name, 'stands there more than once');
    if (value === undefined || value === '') throw new MalformedMessage(name, 'is empty');
    if (value.length > this.maxCharacters) throw new MalformedMessage(name, 'is too long');
    try {
      return decodeHeaderValue(value);
    } catch {
      throw new MalformedMessage(name, 'is not percent-encoded UTF-8');
    }
  }

  text(name: string): string {
    return required(name, this.optionalText(name));
  }

  uuid(name: string): string {
    const text = this.text(name);
    if (!uuid.test(text)) throw new MalformedMessage(name, 'is not a UUID');
    return text;
  }

  instant(name: string): string {
    const text = this.text(name);
    if (!instant.test(text) || Number.isNaN(Date.parse(text))) {
      throw new MalformedMessage(name, 'is not an RFC 3339 instant');
    }
    return text;
  }

  optionalInteger(name: string): number | undefined {
    const text = this.optionalText(name);
    if (text === undefined) return undefined;
    const integer = Number(text);
    if (!decimal.test(text) || !Number.isSafeInteger(integer)) {
      throw new MalformedMessage(name, 'is not a whole number');
    }
    return integer;
  }

  integer(name: string): number {
    return required(name, this.optionalInteger(name));
  }

  optionalPosition(name: string): bigint | undefined {
    const text = this.optionalText(name);
    if (text === undefined) return undefined;
    if (text.length > 20 || !decimal.test(text)) throw new MalformedMessage(name, 'is not a position');
    return BigInt(text);
  }

  position(name: string): bigint {
    return required(name, this.optionalPosition(name));
  }

  /** @throws MalformedMessage unless the message is of CloudEvents 1.0 */
  assertCloudEvent(): void {
    if (this.text('ce-specversion') !== '1.0') throw new MalformedMessage('ce-specversion', 'is not 1.0');
  }
}

function required<Value>(name: string, value: Value | undefined): Value {
  if (value === undefined) throw new MalformedMessage(name, 'is missing');
  return value;
}
