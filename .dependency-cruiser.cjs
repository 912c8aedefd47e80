/** Who may import whom; docs/adr/0001 says why. */
const ours = '^(contracts|packages|services|aggregators|applications|infra|e2e)/';
/** The aggregates' own files, and what they are made of. */
const aggregate = `^(?:packages/imports/src/file-import|services/[^/]+/src/[^/]+/(?:${[
  'book',
  'book-rent',
  'borrower',
  'calendar',
  'closed-days',
  'copies',
  'lending-policy',
  'notice',
  'owner-revision',
  'user',
].join('|')}))\\.ts$`;
const tests = '\\.spec\\.ts$|/testing/';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that import each other are one file.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'contracts-and-core-stand-alone',
      comment: 'The wire language and the pure core import nothing of ours.',
      severity: 'error',
      from: { path: '^(contracts|packages/event-sourcing)/(src|generated)' },
      to: { path: ours, pathNot: ['^$1/', '^contracts/generated/'] },
    },
    {
      name: 'core-knows-no-framework',
      comment: 'The core depends on no web framework, no broker and no database.',
      severity: 'error',
      from: { path: '^(contracts|packages/event-sourcing)/src', pathNot: tests },
      to: { path: 'node_modules/(@nestjs|@nats-io|typeorm|pg|lmdb|fastify|rxjs)/' },
    },
    {
      name: 'adapters-know-only-the-core',
      severity: 'error',
      from: { path: '^packages/(event-store-[^/]+|messaging)/src', pathNot: tests },
      to: { path: ours, pathNot: ['^packages/$1/', '^packages/event-sourcing/'] },
    },
    {
      name: 'aggregates-are-pure',
      comment:
        "An aggregate's file, and what it is made of, imports the contracts and the core, and nothing that does I/O.",
      severity: 'error',
      from: {
        path: aggregate,
      },
      to: {
        pathNot: [aggregate, '^contracts/', '^packages/event-sourcing/', '^(node:)?(crypto|assert)'],
      },
    },
    {
      name: 'processes-are-not-libraries',
      comment: 'Nobody imports a service, an aggregator or an application.',
      severity: 'error',
      from: { pathNot: '^(services/[^/]+|aggregators|applications/[^/]+)/' },
      to: { path: '^(services|aggregators|applications)/' },
    },
    {
      name: 'processes-do-not-import-each-other',
      severity: 'error',
      from: { path: '^((?:services|applications)/[^/]+|aggregators)/' },
      to: { path: '^(services|aggregators|applications)/', pathNot: '^$1/' },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '/dist/'] },
    exclude: { path: '/dist/.*\\.map$' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.check.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'default'],
      mainFields: ['main'],
    },
  },
};
