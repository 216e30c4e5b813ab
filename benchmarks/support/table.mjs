// A table for people, in Markdown: each row is printed when it is known, and the whole is kept for a file.

export class Table {
  // Columns are [title, width]; the first is aligned to the left. `print` gets every line.
  constructor(title, columns, print) {
    this.widths = columns.map(([name, width]) => Math.max(name.length, width));
    this.print = print;
    this.lines = [];
    this.line(`\n${title}\n`);
    this.row(columns.map(([name]) => name));
    this.line(`|${this.widths.map((width, i) => (i ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2))).join('|')}|`);
  }
  line(text) {
    this.lines.push(text);
    this.print(text);
  }
  row(cells) {
    const padded = cells.map((cell, i) => (i ? String(cell).padStart(this.widths[i]) : String(cell).padEnd(this.widths[i])));
    this.line(`| ${padded.join(' | ')} |`);
  }
  text() {
    return this.lines.join('\n') + '\n';
  }
}

export const percent = share => (share === null ? '-' : `${(100 * share).toFixed(0)}%`);
export const megabytes = bytes => (bytes * 1e-6).toFixed(1);
export const plural = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;
