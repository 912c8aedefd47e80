import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Get, Header, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Produces } from '../http/accept.js';
import { Problem } from '../http/problem.js';
import { OpenTo } from '../identity/access.js';
import { Answers } from './operation.js';

const swaggerUi = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

/** Nothing comes from elsewhere, and no script stands in the page itself: it works offline, and runs only what is served here. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // Icons in the style sheet.
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Shelfmark: the interface</title>
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <script src="/docs/swagger-ui-bundle.js" defer></script>
    <script src="/docs/start.js" defer></script>
  </head>
  <body>
    <div id="swagger-ui"></div>
    <noscript>This page needs JavaScript. The document itself is at <a href="/openapi.json">/openapi.json</a>.</noscript>
  </body>
</html>
`;

const start = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // It would ask a server on the Internet.
  validatorUrl: null,
});
`;

interface Asset {
  readonly type: string;
  readonly content: () => string | Promise<Buffer>;
}

const fromPackage = (name: string) => (): Promise<Buffer> => readFile(join(swaggerUi, name));

const assets: Readonly<Record<string, Asset>> = {
  'start.js': { type: 'text/javascript; charset=utf-8', content: () => start },
  'swagger-ui-bundle.js': { type: 'text/javascript; charset=utf-8', content: fromPackage('swagger-ui-bundle.js') },
  'swagger-ui.css': { type: 'text/css; charset=utf-8', content: fromPackage('swagger-ui.css') },
  'favicon-32x32.png': { type: 'image/png', content: fromPackage('favicon-32x32.png') },
};

const text = { schema: { type: 'string' } };

/** The page that shows the OpenAPI document to people, and lets them try it. */
@Controller('docs')
export class DocsController {
  @Get()
  @OpenTo('everybody')
  @Produces('text/html')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', contentSecurityPolicy)
  @Header('referrer-policy', 'no-referrer')
  @Answers('This document, as a page', { description: 'A page.', content: { 'text/html': text } })
  page(): string {
    return page;
  }

  @Get(':file')
  @OpenTo('everybody')
  @Produces('text/javascript', 'text/css', 'image/png')
  @Answers(
    'What the page is made of',
    {
      description: 'A script, a style sheet or an image.',
      content: { 'text/javascript': text, 'text/css': text, 'image/png': { schema: {} } },
    },
    { path: { file: { type: 'string', enum: Object.keys(assets) } } },
  )
  async asset(@Param('file') name: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<string | Buffer> {
    const asset = Object.hasOwn(assets, name) ? assets[name]! : undefined;
    if (!asset) throw new Problem('NotFound');
    reply.header('content-type', asset.type).header('cache-control', 'public, max-age=3600');
    return asset.content();
  }
}
