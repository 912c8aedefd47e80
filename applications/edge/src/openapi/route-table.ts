import { Inject, Injectable } from '@nestjs/common';
import { HTTP_CODE_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { representations } from '../http/accept.js';
import { EntityId } from '../http/entity-id.js';
import type { QuerySpec } from '../http/query.js';
import { type Access, accessOf } from '../identity/access.js';
import { healthOperations } from './health.js';
import type { Described, Operation } from './operation.js';

/** A route as it is served, with all that it says of itself. */
export interface Route {
  readonly method: string;
  /** As OpenAPI writes it: `/books/{id}`. */
  readonly path: string;
  /** A name that no other route has. */
  readonly id: string;
  /** What it answers with when all is well. */
  readonly status: number;
  readonly query: QuerySpec;
  readonly produces: readonly string[];
  readonly waitsForPositions: boolean;
  /** Absent where nobody has opened it. */
  readonly access: Access | undefined;
  /** The ids in its path, by name. */
  readonly ids: ReadonlyMap<string, EntityId>;
  /** Absent where nobody has said what it does. */
  readonly operation: Operation | undefined;
}

interface RouteData {
  readonly query?: QuerySpec;
  readonly produces?: readonly string[];
  readonly waitsForPositions?: true;
  readonly described?: Described;
}

/** Every route that Fastify is given, so that none can be missing in what is said of them. */
@Injectable()
export class RouteTable {
  readonly #routes: Route[] = [];

  constructor(@Inject(HttpAdapterHost) { httpAdapter }: HttpAdapterHost) {
    const fastify = httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onRoute', ({ method, url, config }) => {
      // Fastify gives each GET its HEAD.
      for (const name of [method].flat()) if (name !== 'HEAD') this.#routes.push(routeOf(name, url, config ?? {}));
    });
  }

  list(): readonly Route[] {
    return this.#routes;
  }
}

function routeOf(method: string, url: string, data: RouteData): Route {
  const { query = {}, produces = representations, waitsForPositions = false, described } = data;
  const { controller, handler } = described ?? {};
  return {
    method,
    path: url.replaceAll(/:(\w+)/g, '{$1}'),
    id: controller && handler ? nameOf(controller.name, handler) : nameOf(method.toLowerCase(), url),
    status: (controller && handler && codeOf(controller, handler)) || (method === 'POST' ? 201 : 200),
    query,
    produces,
    waitsForPositions,
    access: accessOf({ url, config: data }),
    ids: controller && handler ? idsOf(controller, handler) : new Map(),
    operation: described?.operation ?? healthOperations[url],
  };
}

/** `BooksController` and `rentsOf` are `booksRentsOf`. */
function nameOf(first: string, second: string): string {
  const words = [first.replace(/Controller$/, ''), ...second.split(/\W+/)].filter((word) => word !== '');
  const name = words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
  return name[0]!.toLowerCase() + name.slice(1);
}

function codeOf({ prototype }: Described['controller'], handler: string): number | undefined {
  return Reflect.getMetadata(HTTP_CODE_METADATA, (prototype as Record<string, object>)[handler]!) as number | undefined;
}

/** The parameters of the path that a handler takes through the pipe of an id. */
function idsOf(controller: Described['controller'], handler: string): ReadonlyMap<string, EntityId> {
  const taken = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handler) ?? {}) as Readonly<
    Record<string, { readonly data?: unknown; readonly pipes?: readonly unknown[] }>
  >;
  const ids = Object.values(taken).flatMap(({ data, pipes = [] }) =>
    pipes.filter((pipe) => pipe instanceof EntityId).map((pipe) => [String(data), pipe] as const),
  );
  return new Map(ids);
}
