import { createReadStream } from 'node:fs'
import { appendTo } from '../ledger/durable.ts'

const LINES_AT_ONCE = 10_000

/** Lines of a file. Only line feeds end one: JSON texts may hold what else ends a line elsewhere. */
export async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = ''
  for await (const text of createReadStream(path, 'utf8')) {
    const lines = `${rest}${text}`.split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

/** Writes the lines of a file to another one, each as `change` has it. */
export async function rewriteLines(
  from: string,
  to: string,
  change: (line: string) => string,
): Promise<void> {
  let lines: string[] = []
  const flush = (): void => {
    if (lines.length > 0) appendTo(to, `${lines.join('\n')}\n`)
    lines = []
  }
  for await (const line of linesOf(from)) {
    lines.push(change(line))
    if (lines.length >= LINES_AT_ONCE) flush()
  }
  flush()
}
