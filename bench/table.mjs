/** Prints what was measured: the median of its rounds, and between what it lay. */
export function printTable(rows) {
  const cells = [
    ['', 'median', 'least', 'most', 'rounds', 'aim'],
    ...rows.map(({ what, median, least, most, numbers, aim = '' }) => [
      what,
      ...[median, least, most].map(readable),
      String(numbers.length),
      aim,
    ]),
  ];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  for (const row of cells) {
    console.log(
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
        .join('  ')
        .trimEnd(),
    );
  }
}

function readable(number) {
  if (number >= 100) return Math.round(number).toLocaleString('en');
  if (number >= 10) return number.toFixed(1);
  return number >= 1 ? number.toFixed(2) : number.toFixed(3);
}
