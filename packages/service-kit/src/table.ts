/** Prints lines under a heading, in columns that are as wide as what is in them. */
export function printTable(heading: readonly string[], lines: readonly (readonly string[])[]): void {
  const widths = heading.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]!.length)));
  for (const line of [heading, ...lines]) {
    const cells = line.map((text, column) => text.padEnd(widths[column]!));
    console.log(cells.join('  ').trimEnd());
  }
}
