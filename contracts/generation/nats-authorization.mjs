/** The permissions as a part of a NATS server's configuration. */
export function natsAuthorization(users) {
  return [header, 'authorization {\n  users = [\n', ...users.map(entry), operator, '  ]\n}\n'].join('');
}

const header = `# Who may do what on the bus. Made from the contracts by \`npm run generate\`; docs/adr/0024 says how and why.
# A server's configuration includes this file. The passwords come from its environment. Each begins with a letter and has only
# letters and digits: the server would take another one for a number, or for something else that its configuration knows.

`;

const operator = `    # Whoever looks after the system. No process of it runs with this.
    {
      user: "operator"
      password: $NATS_PASSWORD_OPERATOR
      permissions: { publish: ">", subscribe: ">" }
    }
`;

function entry({ name, publish, deny, subscribe }) {
  return `    {
      user: "${name}"
      password: $${passwordVariable(name)}
      permissions: {
        publish: {
          allow: ${list(publish)}
${deny.length > 0 ? `          deny: ${list(deny)}\n` : ''}        }
        subscribe: {
          allow: ${list(subscribe)}
        }
      }
    }
`;
}

function list(subjects) {
  return `[\n${subjects.map((subject) => `            "${subject}"\n`).join('')}          ]`;
}

/** `book-service` → `NATS_PASSWORD_BOOK_SERVICE` */
function passwordVariable(name) {
  return `NATS_PASSWORD_${name.toUpperCase().replaceAll('-', '_')}`;
}
