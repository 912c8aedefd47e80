/** The header with which a librarian signs in, by the token in SHELFMARK_TOKEN; none without one. */
export function authorization() {
  const token = process.env.SHELFMARK_TOKEN;
  return token ? { authorization: `Bearer ${token}` } : {};
}
