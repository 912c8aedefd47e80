import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';

/**
 * Who may do what on the bus: for each process of ours the subjects that it publishes to and subscribes to, and no others. All of
 * it follows from the contracts (who owns a command, a query or an event, and who sends it) and from which mirrors the services'
 * reactions and the views read, as their sources say; the edge reads what any view does.
 */
export function busPermissions(catalogues, root) {
  const services = foldersIn(join(root, 'services'), 'package.json');
  const views = foldersIn(join(root, 'aggregators', 'src', 'views'), 'index.ts');
  const reactions = services.flatMap((service) => reactionsOf(service, join(root, 'services', service, 'src')));
  const owners = new Set(catalogues.flatMap(({ kind, services }) => (kind === 'events' ? services : [])));

  const users = new Map(
    [...services, ...views.map((view) => `view-${view}`), 'edge'].map((name) => [name, user(name)]),
  );
  for (const catalogue of catalogues) letRequest(users, catalogue);
  for (const owner of owners) letOwn(users, owner);
  for (const { service, mirror, durable } of reactions) {
    letRead(users, service, mirror);
    letKeepAccount(users.get(service), mirror, durable);
  }
  for (const view of views) {
    const file = join(root, 'aggregators', 'src', 'views', view, 'index.ts');
    for (const mirror of sourcesOf(file)) {
      letRead(users, `view-${view}`, mirror);
      // Which tells its listeners what the views show anew.
      letRead(users, 'edge', mirror);
    }
  }
  for (const { mirror, durable } of reactions) keepFrom([...users.values()], mirror, durable);
  const { publish, subscribe } = users.get('edge');
  for (const may of [publish, subscribe]) may.add(edgeRates);
  return [...users.values()].map(sorted);
}

/** What the replicas of the edge tell each other of the requests that they have let in. */
const edgeRates = 'shelfmark.edge.rates';

/** Where processes of one service elect the one that does what one is enough for. */
const offices = 'SHELFMARK_OFFICES';

function user(name) {
  return { name, publish: new Set(), deny: new Set(), subscribe: new Set([`_INBOX.${name}.>`]) };
}

function sorted({ name, publish, deny, subscribe }) {
  return { name, publish: [...publish].sort(), deny: [...deny].sort(), subscribe: [...subscribe].sort() };
}

/** Commands and queries: their owner is the only one to hear them, and answers; those whom they come from send them. */
function letRequest(users, { kind, services, word, types, senders, isInternal }) {
  if (kind === 'events') return;
  for (const service of services) {
    const prefix = `shelfmark.${kind}.${word === undefined ? service : `${service}-${word}`}`;
    const owner = `${service}-service`;
    for (const type of types) {
      const from = senders.get(type);
      const others = from.filter((sender) => sender !== owner);
      for (const sender of others) {
        if (!users.has(sender)) throw new Error(`${type} comes from ${sender}, and there is no such process`);
        users.get(sender).publish.add(`${prefix}.${type}`);
        letAnswer(users.get(owner), sender);
      }
      if (isInternal && others.length === 0) continue;
      // A service takes all its commands through one subscription, and refuses those that it does not know.
      const heard = kind === 'commands' && word === undefined ? `${prefix}.*` : `${prefix}.${type}`;
      users.get(owner).subscribe.add(`${heard} ${owner}`);
      letAnswer(users.get(owner), 'operator');
    }
  }
}

/**
 * An answer goes to an inbox of whoever asked, whose name nobody can guess. It is not left to the server to let whoever got a message answer it: it
 * would keep account of each message of a mirror too, and go through that account with every message. The operator's tools have inboxes without a name.
 */
function letAnswer({ publish }, asker) {
  publish.add(`_INBOX.${asker}.>`);
  if (asker === 'operator') publish.add('_INBOX.*.*');
}

/** The mirror of its own log: it makes it, fills it, proves it, and makes it anew. The offices are for where it has replicas. */
function letOwn(users, service) {
  const { name, publish, subscribe } = users.get(`${service}-service`);
  const stream = service.toUpperCase();
  publish.add(`shelfmark.events.${service}.*`);
  for (const action of ['CREATE', 'DELETE', 'MSG.GET']) publish.add(`$JS.API.STREAM.${action}.${stream}`);
  letRead(users, name, service);
  subscribe.add(`${verify(service)} relay-${service}`);

  for (const action of ['INFO', 'CREATE']) publish.add(`$JS.API.STREAM.${action}.KV_${offices}`);
  for (const office of [`relay.${service}`, `reactions.${name}`]) {
    publish.add(`$KV.${offices}.${office}`);
    publish.add(`$JS.API.DIRECT.GET.KV_${offices}.$KV.${offices}.${office}`);
  }
}

/**
 * A mirror is read through a consumer that the server names, so that nobody can make, change or remove one that is somebody
 * else's account.
 */
function letRead(users, reader, mirror) {
  const { publish } = users.get(reader);
  const stream = mirror.toUpperCase();
  publish.add(`$JS.API.STREAM.INFO.${stream}`);
  publish.add(`$JS.API.CONSUMER.CREATE.${stream}`);
  publish.add(`$JS.API.CONSUMER.MSG.NEXT.${stream}.*`);
  publish.add(`$JS.API.CONSUMER.DELETE.${stream}.*`);
  publish.add(verify(mirror));
  letAnswer(users.get(`${mirror}-service`), reader);
}

/** A reaction's account of what it has dealt with. Acknowledgements have two forms: a newer one tells the domain and the account. */
function letKeepAccount({ publish }, mirror, durable) {
  const stream = mirror.toUpperCase();
  publish.add(`$JS.API.CONSUMER.CREATE.${stream}.${durable}`);
  publish.add(`$JS.API.CONSUMER.INFO.${stream}.${durable}`);
  publish.add(`$JS.ACK.${stream}.${durable}.>`);
  publish.add(`$JS.ACK.*.*.${stream}.${durable}.>`);
}

/** Of a reaction's account, nobody else takes events, and nobody removes it: it goes away with its stream. */
function keepFrom(users, mirror, durable) {
  const stream = mirror.toUpperCase();
  for (const { publish, deny } of users) {
    if (!publish.has(`$JS.API.CONSUMER.CREATE.${stream}`)) continue;
    deny.add(`$JS.API.CONSUMER.DELETE.${stream}.${durable}`);
    if (!publish.has(`$JS.API.CONSUMER.CREATE.${stream}.${durable}`))
      deny.add(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`);
  }
}

function verify(service) {
  return `shelfmark.mirrors.${service}.verify`;
}

/** The reactions of a service: the classes that say which mirror they read, and under whose names the bus keeps their accounts. */
function reactionsOf(service, directory) {
  return sourceFilesIn(directory).flatMap((file) =>
    parsed(file)
      .statements.filter(ts.isClassDeclaration)
      .flatMap(({ name, members }) => {
        const mirror = members.find((member) => ts.isPropertyDeclaration(member) && member.name.text === 'mirror');
        if (mirror === undefined) return [];
        if (!mirror.initializer || !ts.isStringLiteral(mirror.initializer))
          throw new Error(`${file}: which mirror ${name.text} reads must be said in a literal`);
        return [{ service, mirror: mirror.initializer.text, durable: `${service}_${name.text}` }];
      }),
  );
}

/** The sources of a view: the keys of `sources` in what its file exports as `view`. */
function sourcesOf(file) {
  let sources;
  const look = (node) => {
    if (ts.isPropertyAssignment(node) && node.name.text === 'sources') sources ??= node.initializer;
    ts.forEachChild(node, look);
  };
  look(parsed(file));
  if (sources === undefined || !ts.isObjectLiteralExpression(sources))
    throw new Error(`${file}: the sources of a view must be said in a literal`);
  return sources.properties.map(({ name }) => name.text);
}

function parsed(file) {
  return ts.createSourceFile(basename(file), readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
}

function sourceFilesIn(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.spec)\.ts$/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}

function foldersIn(directory, marker) {
  return readdirSync(directory)
    .filter((name) => existsSync(join(directory, name, marker)))
    .sort();
}
