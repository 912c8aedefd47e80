import { Controller, Get } from '@nestjs/common';
import type { HalDocument } from './http/hal.js';
import { OpenTo } from './identity/access.js';
import { Answers } from './openapi/operation.js';
import { inEachForm, linksSchema } from './openapi/shapes.js';

@Controller()
export class RootController {
  /** Where everything else is found. */
  @Get()
  @OpenTo('everybody')
  @Answers('Where everything is found', {
    description: 'Links; those that are templates say so.',
    content: inEachForm({
      schema: { type: 'object', properties: { _links: linksSchema(['self']) }, required: ['_links'] },
      example: { _links: { self: { href: '/' }, books: { href: '/books{?q,sort}', templated: true } } },
    }),
  })
  links(): HalDocument {
    return {
      _links: {
        self: { href: '/' },
        books: { href: '/books{?q,isbn,language,available,sort,cursor,limit}', templated: true },
        book: { href: '/books/{id}{?asOf}', templated: true },
        users: { href: '/users{?q,cursor,limit}', templated: true },
        user: { href: '/users/{id}{?asOf}', templated: true },
        rents: { href: '/rents{?user,book,state,cursor,limit}', templated: true },
        rent: { href: '/rents/{id}{?asOf}', templated: true },
        holds: { href: '/holds{?user,book,state,cursor,limit}', templated: true },
        hold: { href: '/holds/{id}', templated: true },
        statistics: { href: '/statistics{?from,to,top}', templated: true },
        events: { href: '/events{?views,lastEventId}', templated: true },
        imports: { href: '/imports{?kind,dryRun}', templated: true },
        operation: { href: '/operations/{id}{?cursor,limit}', templated: true },
        queue: { href: '/queue{?target,cursor,limit}', templated: true },
        exports: { href: '/exports/{view}{?spreadsheet}', templated: true },
        'service-desc': { href: '/openapi.json' },
        asyncapi: { href: '/asyncapi.json' },
        'service-doc': { href: '/docs' },
        live: { href: '/health/live' },
        ready: { href: '/health/ready' },
      },
    };
  }
}
