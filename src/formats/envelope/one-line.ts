const LF = 10
const CR = 13
const TAB = 9

/**
 * A value that may be written over several lines, such as a message that holds indented JSON, as one line with its LF.
 * Inside a string JSON allows neither line ends nor tabs, outside both are blanks: so what is JSON stays the same JSON,
 * and what is none stays none.
 */
export function oneLine(value: Buffer): Buffer {
  let end = value.length
  while (end > 0 && (value[end - 1] === LF || value[end - 1] === CR)) end--
  const line = Buffer.allocUnsafe(end + 1)
  value.copy(line, 0, 0, end)
  for (let i = 0; i < end; i++) if (line[i] === LF || line[i] === CR) line[i] = TAB
  line[end] = LF
  return line
}
