import pc from 'picocolors'
import stringWidth from 'string-width'
import { ThroughlineError } from '../errors.ts'
import { safe } from '../model/text.ts'

export { count, percent, safe } from '../model/text.ts'

export type Colors = ReturnType<typeof pc.createColors>

/** Where a command writes: results to stdout, everything else to stderr. */
export interface Output {
  readonly colors: Colors
  readonly isTerminal: boolean
  /** Width of the terminal in columns; undefined where output is no terminal. */
  readonly width: number | undefined
  quiet: boolean
  /** A line of the result. */
  line(text?: string): void
  /** Raw text of the result; resolves when more may be written. */
  write(text: string): Promise<void>
  /** A line for the person who watches. */
  note(text: string): void
  /** Something odd; nothing was lost. */
  warn(text: string): void
  /** Ends all output to stdout: the process is about to end, whatever the command is still doing. */
  mute(): void
}

export type ColorChoice = 'auto' | 'always' | 'never'

/** Colour where a person looks: a terminal, NO_COLOR empty, TERM not dumb; or as asked for. */
export function wantsColor(choice: ColorChoice, env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  return choice === 'always' || (choice === 'auto' && isTerminal && !env.NO_COLOR && env.TERM !== 'dumb')
}

export function createOutput(env: NodeJS.ProcessEnv): Output {
  let isMuted = false
  const output = {
    colors: pc.createColors(wantsColor('auto', env, process.stdout.isTTY === true)),
    isTerminal: process.stdout.isTTY === true,
    width: process.stdout.isTTY ? process.stdout.columns : undefined,
    quiet: false,
    line: (text = '') => void (isMuted || process.stdout.write(`${text}\n`)),
    write: (text: string) =>
      new Promise<void>(resolve => {
        // Never resolved: what is written in many parts stops here.
        if (isMuted) return
        if (process.stdout.write(text)) resolve()
        else process.stdout.once('drain', resolve)
      }),
    note: (text: string) => void (output.quiet || process.stderr.write(`${text}\n`)),
    warn: (text: string) => void (output.quiet || process.stderr.write(`warning: ${text}\n`)),
    mute: () => {
      isMuted = true
    },
  }
  return output
}

/** The failure of an output that cannot be written. */
export function unwritable(name: string, cause: unknown): ThroughlineError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new ThroughlineError(
    'OUTPUT_UNWRITABLE',
    `${safe(name)}: cannot be written: ${safe(why)}; check its folder, its permissions and the space left`,
    { name },
    cause,
  )
}

/** Bytes in binary units. */
export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = n
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`
}

/** Microseconds as a duration a person reads. */
export function duration(us: number): string {
  if (us < 1000) return `${us} µs`
  if (us < 1e6) return `${Math.round(us / 1000)} ms`
  return us < 120e6 ? `${(us / 1e6).toFixed(2)} s` : `${(us / 60e6).toFixed(1)} min`
}

export interface TableColumn {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** Cells longer than this are cut with an ellipsis, on terminals only. */
  readonly most?: number
}

/** Rows as aligned text, two spaces between columns, without trailing blanks. */
export function table(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  out: Output,
): string[] {
  const cells = rows.map(row =>
    row.map((cell, i) => clip(cell, out.isTerminal ? columns[i]?.most : undefined)),
  )
  const widths = columns.map((column, i) =>
    Math.max(stringWidth(column.title), ...cells.map(row => stringWidth(row[i] ?? ''))),
  )
  const render = (row: readonly string[]): string =>
    row
      .map((cell, i) => {
        const gap = ' '.repeat(Math.max(0, (widths[i] ?? 0) - stringWidth(cell)))
        return columns[i]?.align === 'right' ? gap + cell : cell + gap
      })
      .join('  ')
      .trimEnd()
  return [out.colors.dim(render(columns.map(c => c.title))), ...cells.map(render)]
}

function clip(text: string, most: number | undefined): string {
  if (most === undefined || stringWidth(text) <= most) return text
  return `${text.slice(0, most - 1)}…`
}
