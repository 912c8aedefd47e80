import assert from 'node:assert/strict';
import { commandSubjects, nullableFields, payloads, typesOf, withoutDays } from './catalogues.mjs';
import { typesIn } from './schema.mjs';

const header = '// Code generated from contracts/src by npm run generate. DO NOT EDIT.\n\n';

/** A Go module: the types by quicktype, and what they are for. */
export async function goModule({ schema, catalogues, version }) {
  const definitions = withoutDays(payloads(schema));
  const options = { 'just-types-and-package': true, package: 'shelfmark', 'omit-empty': true };
  const lines = await typesIn('go', definitions, options);
  return [
    ['go/go.mod', goMod],
    ['go/contracts.go', header + improved(lines, nullableFields(definitions)).join('\n')],
    ['go/catalogue.go', header + catalogue(catalogues, lines, version)],
    ['go/nullable.go', header + nullable],
  ];
}

/**
 * What quicktype makes, made good: a field that may be null and may be left out keeps the two apart, a list that may be left
 * out keeps apart from that an empty one, constants have names that no other type's constants can take from them, and the
 * text is as gofmt would have it.
 */
function improved(lines, nullables) {
  const withoutImport = lines.filter((line) => line !== 'import "time"');
  if (withoutImport.length < lines.length) withoutImport.splice(1, 0, '', 'import "time"');
  const open = new Map(nullables.map(({ type, field }) => [`${type}.${field}`, true]));
  let type = '';
  const rows = withoutImport.map((line) => {
    type = /^type (\w+) /.exec(line)?.[1] ?? type;
    const [, name, goType, tag, field, optional] = /^\t(\w+)\s+(\S+)\s+(`json:"(\w+)(,omitempty)?"`)$/.exec(line) ?? [];
    if (name) {
      const isNullable = open.delete(`${type}.${field}`);
      if (isNullable) return [name, `Nullable[${goType.replace(/^\*/, '')}]`, tag];
      return [name, optional && goType.startsWith('[]') ? `*${goType}` : goType, tag];
    }
    const [, constant, value] = /^\t\w+\s+(\w+) = "(.+)"$/.exec(line) ?? [];
    if (constant) return [constant + capitalised(value), constant, `= "${value}"`];
    return line.trimEnd();
  });
  assert.equal(open.size, 0, `no Go field was made of ${[...open.keys()]}`);
  return aligned(rows).flatMap((line, index, all) => (line === '' && all[index - 1] === '' ? [] : [line]));
}

/** Columns of rows that stand together; what stands between them parts them. */
function aligned(rows) {
  const widths = rows.map(() => undefined);
  for (let from = 0, to = 0; from < rows.length; from = ++to) {
    while (Array.isArray(rows[to])) to++;
    const group = rows.slice(from, to);
    widths.fill(
      [0, 1].map((column) => Math.max(...group.map((row) => row[column].length))),
      from,
      to,
    );
  }
  return rows.map((row, index) => {
    if (!Array.isArray(row)) return row;
    return `\t${row[0].padEnd(widths[index][0])} ${row[1].padEnd(widths[index][1])} ${row[2]}`;
  });
}

function catalogue(catalogues, lines, version) {
  const [events, commands] = ['events', 'commands'].map((kind) => typesOf(catalogues, kind));
  for (const type of [...events, ...commands]) {
    assert(lines.includes(`type ${type} struct {`), `no Go type was made of ${type}`);
  }
  const subjects = commandSubjects(catalogues).map(([type, subject]) => [type, `"${subject}"`]);
  const cases = (entries) =>
    entries.flatMap(([type, value]) => [`\tcase "${type}":`, `\t\treturn ${value}`]).join('\n');
  return `package shelfmark

// Version is that of the contracts.
const Version = "${version}"

// NewEvent makes an empty payload of an event, to decode into; nil where the type is not known here.
func NewEvent(eventType string) interface{} {
	switch eventType {
${cases(events.map((type) => [type, `new(${type})`]))}
	}
	return nil
}

// NewCommand makes an empty payload of a command; nil where the type is not known here.
func NewCommand(commandType string) interface{} {
	switch commandType {
${cases(commands.map((type) => [type, `new(${type})`]))}
	}
	return nil
}

// CommandSubject is where a command is sent to on the bus; empty where the type is not known here.
func CommandSubject(commandType string) string {
	switch commandType {
${cases(subjects)}
	}
	return ""
}
`;
}

function capitalised(value) {
  return value.replaceAll(/(?:^|\W)(\w)/g, (_, letter) => letter.toUpperCase());
}

// What is in no registry has to be put in place of its name, which `example` says cannot be fetched.
const goMod = `module shelfmark.example/contracts

go 1.18
`;

const nullable = `package shelfmark

import "encoding/json"

// Nullable is a field that can be left out (the zero value), null, or a value: in a change, "stays as it is", "is taken away"
// and "becomes". It is a map because encoding/json leaves out an empty one; it has one entry at most.
type Nullable[T any] map[bool]T

// Null is a field that is there and null.
func Null[T any]() Nullable[T] {
	var none T
	return Nullable[T]{false: none}
}

// Value is a field with a value.
func Value[T any](value T) Nullable[T] {
	return Nullable[T]{true: value}
}

// IsNull tells whether the field is there and null.
func (n Nullable[T]) IsNull() bool {
	_, isNull := n[false]
	return isNull
}

// Get gives the value, and whether there is one.
func (n Nullable[T]) Get() (value T, ok bool) {
	value, ok = n[true]
	return value, ok
}

// MarshalJSON is for encoding/json.
func (n Nullable[T]) MarshalJSON() ([]byte, error) {
	if value, ok := n[true]; ok {
		return json.Marshal(value)
	}
	return []byte("null"), nil
}

// UnmarshalJSON is for encoding/json.
func (n *Nullable[T]) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*n = Null[T]()
		return nil
	}
	var value T
	if err := json.Unmarshal(data, &value); err != nil {
		return err
	}
	*n = Value(value)
	return nil
}
`;
