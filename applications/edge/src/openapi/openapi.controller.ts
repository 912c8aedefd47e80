import { Controller, Get, Inject, type OnApplicationBootstrap } from '@nestjs/common';
import { Produces } from '../http/accept.js';
import { OpenTo } from '../identity/access.js';
import { type OpenApiDocument, openApiDocument } from './document.js';
import { Answers } from './operation.js';
import { RouteTable } from './route-table.js';

@Controller()
export class OpenApiController implements OnApplicationBootstrap {
  #document: OpenApiDocument | undefined;

  constructor(@Inject(RouteTable) private readonly routes: RouteTable) {}

  /** By now every controller has its routes; a document that cannot be made ends the boot. */
  onApplicationBootstrap(): void {
    this.#document = openApiDocument(this.routes.list());
  }

  @Get('openapi.json')
  @OpenTo('everybody')
  @Produces('application/json')
  @Answers('This document', {
    description: 'An OpenAPI 3.1 document.',
    content: {
      'application/json': {
        schema: {
          type: 'object',
          properties: {
            openapi: { type: 'string', pattern: '^3\\.1\\.' },
            info: { type: 'object' },
            paths: { type: 'object' },
          },
          required: ['openapi', 'info', 'paths'],
          additionalProperties: true,
        },
      },
    },
  })
  document(): OpenApiDocument {
    return this.#document!;
  }
}
