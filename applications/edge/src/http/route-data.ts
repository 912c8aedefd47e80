import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';

/**
 * Adds to what a route says of itself; Fastify hands it out as the route's `config`. Several decorators may each say their
 * part, where Nest's own `RouteConfig` forgets what another one said.
 */
export function RouteData(data: object): (target: object, key: string | symbol) => void {
  return (target, key) => {
    const handler = (target as Record<string | symbol, object>)[key]!;
    const known = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler) as object | undefined;
    Reflect.defineMetadata(FASTIFY_ROUTE_CONFIG_METADATA, { ...known, ...data }, handler);
  };
}
