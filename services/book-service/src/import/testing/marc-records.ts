/** A field of a record that a test makes: a control field has a value, others subfields such as `aEmma`. */
export type MadeField = readonly [tag: string, ...parts: readonly (string | Buffer)[]];

/** The bytes of a record in ISO 2709, in UTF-8 unless it says otherwise; texts become UTF-8. */
export function isoRecord(fields: readonly MadeField[], { leader9 = 'a' } = {}): Buffer {
  const contents = fields.map(([tag, ...parts]) => {
    if (tag.startsWith('00')) return Buffer.concat([bytes(parts[0]!), Buffer.from([0x1e])]);
    const subfields = parts.map((part) => Buffer.concat([Buffer.from([0x1f]), bytes(part)]));
    return Buffer.concat([
      Buffer.from(tag === '041' || tag === '264' ? ' 1' : '  '),
      ...subfields,
      Buffer.from([0x1e]),
    ]);
  });
  let start = 0;
  const directory = fields.map(([tag], index) => {
    const entry = `${tag}${digits(contents[index]!.length, 4)}${digits(start, 5)}`;
    start += contents[index]!.length;
    return entry;
  });
  const base = 24 + directory.length * 12 + 1;
  const leader = `${digits(base + start + 1, 5)}nam ${leader9}22${digits(base, 5)} a 4500`;
  const text = Buffer.from(`${leader}${directory.join('')}\x1e`);
  return Buffer.concat([text, ...contents, Buffer.from([0x1d])]);
}

function bytes(part: string | Buffer): Buffer {
  return typeof part === 'string' ? Buffer.from(part) : part;
}

function digits(number: number, count: number): string {
  return String(number).padStart(count, '0');
}
