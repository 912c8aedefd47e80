import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';

/**
 * The catalogues of the contracts: each interface that is named for commands, queries or events, with the service that they are
 * of. That is the service after which its file is named, unless a tag says `@service book`, or several; commands that never
 * leave a service are tagged `@internal`. A tag `@word import` says that their subjects have the word `book-import` where others
 * have `book`.
 *
 * Commands and queries come from the edge, unless a tag of theirs says otherwise: `@from rent-service`, or several processes. Of
 * those that are `@internal`, only what says whom it comes from is on the bus.
 */
export function catalogues(sources, services) {
  return sources.flatMap((file) => {
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    return source.statements.filter(ts.isInterfaceDeclaration).flatMap((declaration) => {
      const [, kind] = /(Commands|Queries|Events)$/.exec(declaration.name.text) ?? [];
      if (kind === undefined) return [];
      const tags = new Map(ts.getJSDocTags(declaration).map(({ tagName, comment }) => [tagName.text, comment]));
      const name = declaration.name.text;
      const owners = (tags.get('service') ?? basename(file, '.ts')).split(' ');
      if (!owners.every((owner) => existsSync(join(services, `${owner}-service`)))) {
        throw new Error(`${name} is of no service: say which one in a tag, @service`);
      }
      const isInternal = tags.has('internal');
      const types = declaration.members.map((member) => member.name.text);
      const senders = new Map(
        declaration.members.map((member) => {
          const from = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'from')?.comment;
          return [member.name.text, (from ?? (isInternal ? '' : 'edge')).split(' ').filter(Boolean)];
        }),
      );
      return [{ name, kind: kind.toLowerCase(), services: owners, word: tags.get('word'), isInternal, types, senders }];
    });
  });
}

/** The types of all catalogues of a kind, `commands` or `events`; of commands, those that travel on the bus. */
export function typesOf(catalogues, kind) {
  return catalogues
    .filter((catalogue) => catalogue.kind === kind && !catalogue.isInternal)
    .flatMap(({ types }) => types);
}

/** Where each command is sent to that travels on the bus. One service owns it, so that whoever sends it need not choose. */
export function commandSubjects(catalogues) {
  return catalogues
    .filter(({ kind, isInternal }) => kind === 'commands' && !isInternal)
    .flatMap(({ name, services, types }) => {
      if (services.length !== 1) throw new Error(`commands have one service, and ${name} has ${services}`);
      return types.map((type) => [type, `shelfmark.commands.${services[0]}.${type}`]);
    });
}

/** Every type but the catalogues and the list of views, which are no values of anything. */
export function payloads({ definitions }) {
  return Object.fromEntries(
    Object.entries(definitions).filter(([name]) => !/(?:Commands|Events|Queries|ViewRows)$/.test(name)),
  );
}

/** The fields that may be left out and may be null, which is something else: by type, their names. */
export function nullableFields(definitions) {
  const fields = [];
  for (const [type, { properties = {}, required = [] }] of Object.entries(definitions)) {
    for (const [field, schema] of Object.entries(properties)) {
      if (!required.includes(field) && [schema.type].flat().includes('null')) fields.push({ type, field });
    }
  }
  return fields;
}

/** The same definitions, days as plain text: to a language that has only instants, a day would become one. */
export function withoutDays(definitions) {
  return JSON.parse(
    JSON.stringify(definitions, (key, value) => (key === 'format' && value === 'date' ? undefined : value)),
  );
}
