import type { Operation, PlainAnswer } from './operation.js';

const report = {
  type: 'object',
  additionalProperties: {
    type: 'object',
    properties: { status: { type: 'string', enum: ['up', 'down'] } },
    required: ['status'],
    additionalProperties: true,
  },
};

const answer = (example: object): PlainAnswer => ({
  description: 'How it is.',
  content: {
    'application/json': {
      schema: {
        type: 'object',
        properties: {
          status: { type: 'string', enum: ['ok', 'error', 'shutting_down'] },
          info: { ...report, description: 'What is up.' },
          error: { ...report, description: 'What is down.' },
          details: { ...report, description: 'Both.' },
        },
        required: ['status', 'details'],
      },
      example,
    },
  },
});

const up = { nats: { status: 'up' }, postgres: { status: 'up' }, process: { status: 'up', phase: 'running' } };

/** The routes that every process has; what serves them knows nothing of OpenAPI. */
export const healthOperations: Readonly<Record<string, Operation>> = {
  '/health/live': {
    summary: 'Whether the process is alive',
    answer: answer({ status: 'ok', info: {}, error: {}, details: {} }),
  },
  '/health/ready': {
    summary: 'Whether it can do its work, and what is missing for it',
    answer: { ...answer({ status: 'ok', info: up, error: {}, details: up }), alsoAt: [503] },
  },
};
