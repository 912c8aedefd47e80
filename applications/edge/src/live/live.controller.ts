import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Produces } from '../http/accept.js';
import { Problem } from '../http/problem.js';
import { ParameterFault, QueryParameters, type QueryOf, specified } from '../http/query.js';
import { OpenTo } from '../identity/access.js';
import { type Principal, principalOf } from '../identity/principal.js';
import { Answers } from '../openapi/operation.js';
import type { EntityView } from '../views/view.js';
import type { ChangeStream } from './change-stream.js';
import { type Places, eventIdPattern, maxEventIdLength, parseEventId } from './event-id.js';
import { LiveChanges } from './live-changes.js';
import { toldViewNames } from './told.js';

const mediaType = 'text/event-stream';

const anyOfTheViews = `(?:${toldViewNames.join('|')})`;

const liveQuery = {
  views: specified<readonly EntityView[]>(
    {
      type: 'string',
      pattern: `^${anyOfTheViews}(?:,${anyOfTheViews})*$`,
      description: 'Which views, all unless said.',
    },
    (text) => text.split(',').map(viewNamed),
  ),
  lastEventId: specified<Places>(
    { type: 'string', pattern: eventIdPattern.source, maxLength: maxEventIdLength, description: 'As Last-Event-ID.' },
    (text) => {
      const places = parseEventId(text);
      if (places === undefined) throw new ParameterFault('must be the id of a message');
      return places;
    },
  ),
};

@Controller('events')
export class LiveController {
  constructor(@Inject(LiveChanges) private readonly changes: LiveChanges) {}

  /** That something which a view shows has changed, as it happens (HTML, server-sent events). */
  @Get()
  @OpenTo('ownViews')
  @Produces(mediaType)
  @QueryParameters(liveQuery)
  @Answers(
    'Tells what the views show anew, as it happens',
    {
      description: 'Server-sent events, without an end.',
      content: { [mediaType]: { schema: { type: 'string' } } },
    },
    {
      headers: {
        'Last-Event-ID': {
          type: 'string',
          pattern: eventIdPattern.source,
          maxLength: maxEventIdLength,
          description: 'The last message that was heard, to go on behind it.',
        },
      },
      refusals: ['InvalidHeader', 'Overloaded'],
    },
  )
  tell(
    @Req() request: FastifyRequest,
    @Query() { views = toldViewNames, lastEventId }: QueryOf<typeof liveQuery>,
    @Res() reply: FastifyReply,
  ): void {
    const { headers, method } = request;
    // A browser that comes back sends the header, and the query that it began with.
    const since = placesIn(headers['last-event-id']) ?? lastEventId;
    reply.headers({
      'content-type': mediaType,
      // The connection is of no use to anybody afterwards, and open it would hold up the end of the process.
      connection: 'close',
      // A proxy that collected the messages would hold them back.
      'x-accel-buffering': 'no',
    });
    if (method === 'HEAD') return void reply.send();
    const stream = this.changes.open(views, since);
    endWithToken(stream, principalOf(request));
    void reply.send(stream);
  }
}

/** A timer cannot wait longer. */
const maxTimerMs = 2 ** 31 - 1;

/** Whoever may not ask any more is not told any more either. */
function endWithToken(stream: ChangeStream, { expiresAt }: Principal): void {
  const timer = setTimeout(() => stream.end(), Math.min(expiresAt - Date.now(), maxTimerMs)).unref();
  stream.once('close', () => clearTimeout(timer));
}

function viewNamed(name: string): EntityView {
  const view = toldViewNames.find((known) => known === name);
  if (view === undefined) throw new ParameterFault(`must be some of ${toldViewNames.join(', ')}, with commas between`);
  return view;
}

function placesIn(header: string | readonly string[] | undefined): Places | undefined {
  if (header === undefined || header === '') return undefined;
  const places = parseEventId(String(header));
  if (places === undefined) throw Problem.header('Last-Event-ID', 'must be the id of a message');
  return places;
}
