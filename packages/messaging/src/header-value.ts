// CloudEvents' NATS binding borrows the HTTP binding's encoding (§3.1.3.2): space, double quote, percent and whatever is
// not printable ASCII travel as percent-encoded UTF-8. So no value can end its header line and begin another.
const unsafe = /[^\x21\x23\x24\x26-\x7e]/;
const unsafeRuns = /[^\x21\x23\x24\x26-\x7e]+/g;

/** A header value that holds any text. A lone surrogate, which UTF-8 cannot carry, becomes U+FFFD. */
export function encodeHeaderValue(text: string): string {
  return unsafe.test(text) ? text.replace(unsafeRuns, percentEncoded) : text;
}

/**
 * The inverse of {@link encodeHeaderValue}.
 * @throws URIError when the value is not percent-encoded UTF-8
 */
export function decodeHeaderValue(value: string): string {
  return value.includes('%') ? decodeURIComponent(value) : value;
}

/** One token of a subject: what would split it, or match more than itself, is percent-encoded. */
export function subjectToken(text: string): string {
  return encodeHeaderValue(text).replace(/[.*>]/g, percentEncoded);
}

function percentEncoded(run: string): string {
  let encoded = '';
  for (const byte of Buffer.from(run, 'utf8')) encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return encoded;
}
