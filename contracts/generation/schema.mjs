import { readFileSync } from 'node:fs';
import { InputData, JSONSchemaInput, quicktype } from 'quicktype-core';
import { schemaForTypeScriptSources } from 'quicktype-typescript-input';
import ts from 'typescript';

/** The JSON Schema of all types that TypeScript files declare. */
export async function jsonSchema(root, sources) {
  // quicktype takes the working directory for the sources' root and refuses files outside it.
  process.chdir(root);
  const lines = await rendered(schemaForTypeScriptSources(sources), 'schema');
  const schema = JSON.parse(lines.join('\n'));
  for (const { type, property, keyword, value } of itemConstraints(sources)) {
    schema.definitions[type].properties[property].items[keyword] = value;
  }
  return schema;
}

/** What quicktype makes of some types, in a language: lines. */
export async function typesIn(lang, definitions, rendererOptions) {
  const schema = JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', definitions });
  return rendered({ name: '', uris: ['#/definitions/'], schema, isConverted: true }, lang, rendererOptions);
}

async function rendered(source, lang, rendererOptions = {}) {
  const schemaInput = new JSONSchemaInput(undefined);
  await schemaInput.addSource(source);
  const inputData = new InputData();
  inputData.addInput(schemaInput);
  const { lines } = await quicktype({ inputData, lang, rendererOptions, leadingComments: [] });
  return lines;
}

/** The `@items.<keyword>` tags of the sources: quicktype's TypeScript input reads them and then loses them. */
function* itemConstraints(sources) {
  for (const file of sources) {
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    for (const declaration of source.statements.filter(ts.isInterfaceDeclaration)) {
      for (const member of declaration.members) {
        for (const tag of ts.getJSDocTags(member).filter(({ tagName }) => tagName.text === 'items')) {
          const [, keyword, text] = /^\.(\w+) (.+)$/.exec(tag.comment.trim());
          const value = /^\d+$/.test(text) ? Number(text) : text;
          yield { type: declaration.name.text, property: member.name.text, keyword, value };
        }
      }
    }
  }
}
