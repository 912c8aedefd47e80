import { typesOf } from './catalogues.mjs';

const text = { type: 'string' };
const uuid = { type: 'string', format: 'uuid' };
const instant = { type: 'string', format: 'date-time' };
const decimal = { type: 'string', pattern: '^\\d+$' };

/** An AsyncAPI 3 document of the bus: every command and event, its subject, its headers and its body. */
export function asyncApiDocument({ schema: { definitions }, catalogues, version }) {
  const commands = typesOf(catalogues, 'commands');
  const events = typesOf(catalogues, 'events');
  const messages = [
    ...commands.map((type) => message(type, definitions[type], 'Command', inlined(definitions[type], definitions))),
    ...events.map((type) => message(type, definitions[type], 'Event', { $ref: `#/components/schemas/${type}` })),
  ];
  const described = catalogues.filter(({ kind, isInternal }) => kind !== 'queries' && !isInternal);
  const channels = described.flatMap(({ kind, services, types }) => types.map((type) => channel(kind, services, type)));
  const operations = described.flatMap(({ kind, services, types }) =>
    services.flatMap((service) => types.map((type) => operation(kind, service, type))),
  );
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Shelfmark on the bus',
      version,
      description,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      bus: {
        host: '{host}:{port}',
        protocol: 'nats',
        description: 'NATS with JetStream; every run of the system has its own.',
        variables: { host: { default: '127.0.0.1' }, port: { default: '4222' } },
      },
    },
    channels: {
      ...Object.fromEntries(channels),
      replies: {
        description: 'The inbox that a command names for its answer.',
        messages: { CommandReply: { $ref: '#/components/messages/CommandReply' } },
      },
    },
    operations: Object.fromEntries(operations),
    components: {
      messages: {
        ...Object.fromEntries(messages),
        CommandReply: {
          name: 'CommandReply',
          title: 'CommandReply',
          summary: 'What became of a command.',
          payload: { $ref: '#/components/schemas/CommandReply' },
        },
      },
      schemas: {
        CommandHeaders: headers(commandHeaders),
        EventHeaders: headers(eventHeaders),
        CommandReply: commandReply(definitions),
        ...opened(events, definitions),
      },
    },
  };
}

const description = `Commands go to the service that owns the entity, by NATS request and reply, and are answered when what they led to is durable. Events are what happened: each service's whole log, in its order, in a JetStream stream of its own (USER, BOOK, RENT), which has all of it from the first event on.

Every message is a CloudEvent 1.0 in binary mode: attributes are headers, the body is JSON. In a header, space, double quote, percent and whatever is not printable ASCII are percent-encoded UTF-8. A command with a field that is not described here is refused; an event may have fields that are not described here, and readers pass over them.

Positions of events are decimal numbers that order a log; they are not dense. Each message names the position of the one before it, so that a reader can tell that nothing is missing: within one generation of one log, an event follows the one whose position it names as previous.`;

const cloudEvent = {
  'ce-specversion': [{ type: 'string', const: '1.0' }, 'Of CloudEvents.'],
  'ce-id': [uuid, "The message's id; a command that is sent again with the same id has one effect."],
  'ce-type': [text, 'As the last part of the subject.'],
  'ce-source': [{ type: 'string', format: 'uri-reference' }, 'Who sends it.'],
  'ce-time': [instant, 'When it was sent, or when it happened.'],
  'ce-correlationid': [text, 'The same for everything that one request set in motion.'],
  'ce-causationid': [text, 'The id of the message that led to this one.'],
  'ce-actor?': [text, "Who asked for it: a principal's id."],
  'traceparent?': [text, 'W3C trace context.'],
};

const commandHeaders = {
  ...cloudEvent,
  'ce-expectedrevision?': [
    decimal,
    'The revision at which the entity has to be; at another one the command is a conflict.',
  ],
  'shelfmark-deadline?': [
    decimal,
    'Milliseconds since 1970 after which nobody waits: the service does not begin any more.',
  ],
  'shelfmark-prefer?': [
    { type: 'string', const: 'respond-async' },
    'The command is only queued, and answered when that is durable.',
  ],
};

const eventHeaders = {
  ...cloudEvent,
  'ce-subject': [text, 'The stream that it is of: `{category}-{id}`.'],
  'ce-revision': [decimal, 'Its index in that stream; the first is 0.'],
  'ce-commandid': [uuid, 'The command that it came from.'],
  'ce-commandhash': [text, 'A digest of what that command asked for.'],
  'ce-logid': [text, 'The log that it is in; positions of two logs do not compare.'],
  'ce-generation': [decimal, 'Which making of the JetStream stream it is in.'],
  'ce-position': [decimal, 'Its place in the log.'],
  'ce-previousposition?': [decimal, "The place of the event before it; absent of the log's first."],
  'ce-schemaversion': [decimal, "Of the body's shape."],
};

function headers(fields) {
  const entries = Object.entries(fields);
  const name = (key) => key.replace(/\?$/, '');
  return {
    type: 'object',
    properties: Object.fromEntries(
      entries.map(([key, [schema, about]]) => [name(key), { ...schema, description: about }]),
    ),
    required: entries.filter(([key]) => !key.endsWith('?')).map(([key]) => key),
  };
}

function message(type, { description: summary }, kind, payload) {
  return [
    type,
    {
      name: type,
      title: type,
      summary,
      headers: { $ref: `#/components/schemas/${kind}Headers` },
      correlationId: { location: '$message.header#/ce-correlationid' },
      payload,
    },
  ];
}

function channel(kind, services, type) {
  const messages = { [type]: { $ref: `#/components/messages/${type}` } };
  const [service, ...others] = services;
  if (others.length === 0) return [type, { address: `shelfmark.${kind}.${service}.${type}`, messages }];
  const parameters = { service: { enum: services, description: 'The service in whose log it is.' } };
  return [type, { address: `shelfmark.${kind}.{service}.${type}`, messages, parameters }];
}

function operation(kind, service, type) {
  const tags = [{ name: `${service}-service` }];
  const common = {
    channel: { $ref: `#/channels/${type}` },
    messages: [{ $ref: `#/channels/${type}/messages/${type}` }],
  };
  if (kind === 'events') return [`${service}-service.publish.${type}`, { action: 'send', ...common, tags }];
  const reply = {
    channel: { $ref: '#/channels/replies' },
    messages: [{ $ref: '#/channels/replies/messages/CommandReply' }],
  };
  return [`${service}-service.handle.${type}`, { action: 'receive', ...common, reply, tags }];
}

function commandReply(definitions) {
  const rejections = Object.entries(definitions).filter(([name]) => name.endsWith('Rejection'));
  const codes = [...new Set(rejections.flatMap(([, schema]) => schema.enum ?? schema.const ?? []))].sort();
  return {
    oneOf: [
      {
        description: 'It is done, and durable; or it was so already.',
        type: 'object',
        properties: {
          id: { type: 'string', description: 'What it made, or what it is about.' },
          revision: { type: 'integer', minimum: -1, description: "Of the entity's last event; -1 where it has none." },
          position: { ...decimal, description: "Of that event in the service's log." },
        },
        required: ['id', 'revision'],
      },
      {
        description: 'The domain says no.',
        type: 'object',
        properties: {
          rejection: {
            type: 'object',
            properties: { code: { type: 'string', enum: codes }, detail: {} },
            required: ['code'],
          },
        },
        required: ['rejection'],
      },
      {
        description: 'It was not carried out, and may be sent again with the same id.',
        type: 'object',
        properties: {
          failure: {
            type: 'object',
            properties: {
              name: { type: 'string', description: 'Such as `MalformedMessage`, `Overloaded`, `DeadlineExceeded`.' },
              detail: text,
              field: { type: 'string', description: 'The header or the JSON pointer that is at fault.' },
              retryAfterMs: { type: 'integer' },
            },
            required: ['name'],
          },
        },
        required: ['failure'],
      },
    ],
  };
}

/** A command's schema in one piece, closed as the services have it. */
function inlined(schema, definitions) {
  return converted(schema, (type) => inlined(definitions[type], definitions));
}

/** What events are made of; open, for there may be more in an event than is known here. */
function opened(events, definitions) {
  const schemas = {};
  const add = (type) => {
    if (type in schemas) return { $ref: `#/components/schemas/${type}` };
    schemas[type] = {};
    const { additionalProperties, ...schema } = converted(definitions[type], add);
    schemas[type] = additionalProperties === false ? schema : { ...schema, additionalProperties };
    return { $ref: `#/components/schemas/${type}` };
  };
  events.forEach(add);
  return schemas;
}

function converted({ $ref, properties, items, ...schema }, resolve) {
  // The generator's titles repeat the name that everything has anyway.
  delete schema.title;
  if ($ref) return resolve($ref.replace('#/definitions/', ''));
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, value]) => [name, converted(value, resolve)]),
      ),
    }),
    ...(items && { items: converted(items, resolve) }),
  };
}
