import assert from 'node:assert/strict';
import { commandSubjects, nullableFields, payloads, typesOf, withoutDays } from './catalogues.mjs';
import { typesIn } from './schema.mjs';

const header = '# Generated from contracts/src by npm run generate; do not edit.\n';

/** A Python package: the types by quicktype, and what they are for. */
export async function pythonPackage({ schema, catalogues, version }) {
  const definitions = withoutDays(payloads(schema));
  const lines = await typesIn('python', definitions, { 'python-version': '3.7' });
  const classes = lines.flatMap((line) => /^class (\w+)/.exec(line)?.[1] ?? []);
  return [
    ['python/pyproject.toml', pyproject(version)],
    ['python/shelfmark_contracts/contracts.py', header + improved(lines, nullableFields(definitions)).join('\n')],
    ['python/shelfmark_contracts/__init__.py', header + catalogue(catalogues, classes, version)],
    ['python/shelfmark_contracts/py.typed', ''],
  ];
}

/** What quicktype makes, made good: a field that may be null and may be left out keeps the two apart. */
function improved(lines, nullables) {
  // Each class reads and writes itself; what follows the classes only says so again, by the class's name.
  const converters = lines.findIndex((line) => /^def \w+_from_dict\(/.test(line));
  let text = lines.slice(0, converters).join('\n').trimEnd() + '\n';
  text = replaced(text, /^from typing import (.*)$/m, 'from typing import $1, Union');
  text = replaced(text, /^EnumT = .*\n/m, `$&\n\n${absent}`);
  for (const { type, field } of nullables) {
    const [classText] = new RegExp(`^class ${type}:\n(?:(?: .*)?\n)*`, 'm').exec(text);
    const [, name] = new RegExp(`^ {8}(\\w+) = .*obj\\.get\\("${field}"\\)\\)$`, 'm').exec(classText);
    let made = classText;
    made = replaced(
      made,
      new RegExp(`^( {4}${name}:) Optional\\[(.*)\\] = None$`, 'm'),
      '$1 Union[Absent, None, $2] = ABSENT',
    );
    made = replaced(
      made,
      new RegExp(`^( {8}${name} =) (.*)obj\\.get\\("${field}"\\)\\)$`, 'm'),
      `$1 $2obj["${field}"]) if "${field}" in obj else ABSENT`,
    );
    made = replaced(made, `        if self.${name} is not None:`, `        if self.${name} is not ABSENT:`);
    text = text.replace(classText, () => made);
  }
  return text.split('\n');
}

function replaced(text, pattern, by) {
  const result = text.replace(pattern, by);
  assert.notEqual(result, text, `quicktype's Python has no ${pattern}`);
  return result;
}

const absent = `class Absent(Enum):
    """What a field that was left out holds, where None stands for one that is null."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT
`;

function catalogue(catalogues, classes, version) {
  const [events, commands] = ['events', 'commands'].map((kind) => typesOf(catalogues, kind));
  for (const type of [...events, ...commands]) assert(classes.includes(type), `no Python class was made of ${type}`);
  const subjects = commandSubjects(catalogues).map(([type, subject]) => `    "${type}": "${subject}",`);
  const entries = (types) => types.map((type) => `    "${type}": ${type},`).join('\n');
  const names = ['ABSENT', 'Absent', ...classes].sort();
  return `"""The wire language of Shelfmark: commands, events, rejections and views."""

from .contracts import (
${names.map((name) => `    ${name},`).join('\n')}
)

__version__ = "${version}"

EVENTS = {
${entries(events)}
}
"""The class of an event's payload, by the event's type."""

COMMANDS = {
${entries(commands)}
}
"""The class of a command's payload, by the command's type."""

COMMAND_SUBJECTS = {
${subjects.join('\n')}
}
"""Where a command is sent to on the bus, by its type."""

__all__ = [
    "COMMANDS",
    "COMMAND_SUBJECTS",
    "EVENTS",
${names.map((name) => `    "${name}",`).join('\n')}
]
`;
}

function pyproject(version) {
  return `[build-system]
requires = ["flit_core==3.12.0"]
build-backend = "flit_core.buildapi"

[project]
name = "shelfmark-contracts"
version = "${version}"
description = "The wire language of Shelfmark: commands, events, rejections and views"
license = { text = "Apache-2.0" }
requires-python = ">=3.8"
dependencies = ["python-dateutil>=2.8"]

[tool.flit.module]
name = "shelfmark_contracts"
`;
}
