import { Controller, Get } from '@nestjs/common';
import { asyncApi } from '@shelfmark/contracts';
import { Produces } from '../http/accept.js';
import { OpenTo } from '../identity/access.js';
import { Answers } from './operation.js';

@Controller()
export class AsyncApiController {
  @Get('asyncapi.json')
  @OpenTo('everybody')
  @Produces('application/json')
  @Answers('The commands and events on the bus', {
    description: 'An AsyncAPI 3 document.',
    content: {
      'application/json': {
        schema: {
          type: 'object',
          properties: {
            asyncapi: { type: 'string', pattern: '^3\\.' },
            info: { type: 'object' },
            channels: { type: 'object' },
            operations: { type: 'object' },
          },
          required: ['asyncapi', 'info', 'channels', 'operations'],
          additionalProperties: true,
        },
      },
    },
  })
  document(): typeof asyncApi {
    return asyncApi;
  }
}
