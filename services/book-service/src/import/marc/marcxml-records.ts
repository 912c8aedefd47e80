import { SaxesParser } from 'saxes';
import { type MarcField, type MarcRecord, type MarcSubfield, type NumberedRecord, isRead } from './marc-record.js';

/** Stands for bytes that are not in the encoding. */
const replacementCharacter = '\ufffd';

/** No record is longer; what is lacks its end, and is not kept in memory. */
const maxRecordCharacters = 1_000_000;

const recordBegin = /<(?:[\w.-]+:)?record(?=[\s>])/;
const recordEnd = /<\/(?:[\w.-]+:)?record\s*>/;

/** Whether a file that begins like this is XML with records. */
export function beginsMarcXml(head: string): boolean {
  return /^\s*</.test(head);
}

export function hasMarcXmlRecord(head: string): boolean {
  return recordBegin.test(head);
}

/**
 * Makes records of the text of a file in MARCXML. Each record is read for itself, so that one that is damaged is lost alone: a parser of
 * the whole file has to give up at the first fault.
 */
export class MarcXmlRecords {
  #pending = '';
  #record = 0;

  /** Takes the next piece of the file. @returns the records that are complete by now */
  push(text: string): NumberedRecord[] {
    this.#pending += text;
    const records: NumberedRecord[] = [];
    for (;;) {
      const begin = recordBegin.exec(this.#pending)?.index;
      if (begin === undefined) {
        // A record's first tag may have been cut.
        this.#pending = this.#pending.slice(-100);
        return records;
      }
      const end = recordEnd.exec(this.#pending.slice(begin));
      const next = nextBegin(this.#pending, begin);
      if (next !== undefined && (!end || next < begin + end.index)) {
        records.push({ record: ++this.#record, damage: 'the tag at its end is missing' });
        this.#pending = this.#pending.slice(next);
      } else if (end) {
        const frame = this.#pending.slice(begin, begin + end.index + end[0].length);
        this.#pending = this.#pending.slice(begin + frame.length);
        records.push({ record: ++this.#record, ...readRecord(frame) });
      } else if (this.#pending.length - begin > maxRecordCharacters) {
        records.push({ record: ++this.#record, damage: `the record is longer than ${maxRecordCharacters} characters` });
        this.#pending = '';
      } else {
        this.#pending = this.#pending.slice(begin);
        return records;
      }
    }
  }

  /** @returns what is left when the file has ended */
  end(): NumberedRecord[] {
    if (!recordBegin.test(this.#pending)) return [];
    return [{ record: ++this.#record, damage: 'the file ends before the record does' }];
  }
}

function nextBegin(text: string, begin: number): number | undefined {
  const next = recordBegin.exec(text.slice(begin + 1));
  return next ? begin + 1 + next.index : undefined;
}

function readRecord(xml: string): { readonly marc: MarcRecord } | { readonly damage: string; readonly tag?: string } {
  const fields: MarcField[] = [];
  let leader = '';
  let text = '';
  let field: { tag: string; indicator2?: string; subfields: MarcSubfield[] } | undefined;
  let code = '';
  let broken: string | undefined;
  const parser = new SaxesParser({ fragment: true, xmlns: false });
  parser.on('opentag', ({ name, attributes }) => {
    text = '';
    const element = localName(name);
    if (element === 'controlfield') field = { tag: attributes['tag'] ?? '', subfields: [] };
    if (element === 'datafield') {
      field = { tag: attributes['tag'] ?? '', indicator2: attributes['ind2'] ?? ' ', subfields: [] };
    }
    if (element === 'subfield') code = attributes['code'] ?? '';
  });
  parser.on('text', (piece) => (text += piece));
  parser.on('cdata', (piece) => (text += piece));
  parser.on('closetag', ({ name }) => {
    const element = localName(name);
    if (element === 'leader') leader = text;
    if (element === 'subfield') field?.subfields.push({ code, value: text.normalize('NFC') });
    if (element === 'controlfield') field?.subfields.push({ code: '', value: text.normalize('NFC') });
    if ((element === 'controlfield' || element === 'datafield') && field) {
      if (isRead(field.tag)) fields.push(field);
      if (isRead(field.tag) && field.subfields.some(({ value }) => value.includes(replacementCharacter)))
        broken ??= field.tag;
      field = undefined;
    }
  });
  try {
    parser.write(xml).close();
  } catch (error) {
    return { damage: `its XML cannot be read: ${plainReason(error as Error)}` };
  }
  if (broken !== undefined) return { damage: 'it holds bytes that are not in the encoding of the file', tag: broken };
  return { marc: { leader, fields } };
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** Without the place, which is one within the record. */
function plainReason({ message }: Error): string {
  return message
    .replace(/^\d+:\d+: /, '')
    .replace(/\.$/, '')
    .slice(0, 200);
}
