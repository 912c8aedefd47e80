/** What the client wants to be told of a URL with a user and a password in it. */
export function connectionOptions(url) {
  const { hostname, port, username, password } = new URL(url);
  return { servers: `${hostname}:${port}`, user: username, pass: password, noAsyncTraces: true };
}
