/** One record of an LDIF file, or why it is none. */
export interface LdifRecord {
  /** Line of its first attribute, from 1. */
  readonly line: number
  /** By type in lower case, without options (`;binary`); values in their order. */
  readonly attributes: ReadonlyMap<string, readonly Buffer[]>
  readonly problem?: string
}

interface LogicalLine {
  readonly line: number
  readonly text: string
}

/**
 * Reads LDIF (RFC 2849). No package for it is both small and kept up, and the grammar is short (section 2):
 *
 * ```text
 * ldif-attrval-record = dn-spec SEP 1*attrval-spec
 * attrval-spec = AttributeDescription value-spec SEP
 * value-spec   = ":" (    FILL 0*1(SAFE-STRING) /
 *                     ":" FILL (BASE64-STRING) /
 *                     "<" FILL (url))
 * ```
 *
 * Records end at an empty line; a line that begins with one space goes on from the one before, comments too (notes 2, 3).
 * Values behind a URL are not fetched.
 */
export function readLdif(text: string): LdifRecord[] {
  const records: LdifRecord[] = []
  let lines: LogicalLine[] = []
  const close = () => {
    const record = lines.length > 0 ? readRecord(lines) : undefined
    if (record) records.push(record)
    lines = []
  }
  for (const logical of unfold(text)) {
    if (logical.text === '') close()
    else if (!logical.text.startsWith('#')) lines.push(logical)
  }
  close()
  return records
}

export function looksLikeLdif(text: string): boolean {
  const first = text.split(/\r?\n/, 200).find(line => line.trim() !== '' && !/^[# ]/.test(line)) ?? ''
  return /^(?:version:\s*1\s*$|dn::?(?:\s|$|\S))/i.test(first)
}

function* unfold(text: string): Generator<LogicalLine> {
  let open: { line: number; parts: string[] } | undefined
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.startsWith(' ') && open && open.parts[0] !== '') {
      open.parts.push(line.slice(1))
      continue
    }
    if (open) yield { line: open.line, text: open.parts.join('') }
    open = { line: index + 1, parts: [line] }
  }
  if (open) yield { line: open.line, text: open.parts.join('') }
}

/** @returns undefined for what ldapsearch prints beside the records: `version:`, `search:` with `result:`, `ref:` */
function readRecord(lines: readonly LogicalLine[]): LdifRecord | undefined {
  const [first, ...others] = lines
  if (first && /^version:/i.test(first.text)) return others.length > 0 ? readRecord(others) : undefined
  const line = first?.line ?? 1
  if (/^(?:search|result|ref):/i.test(first?.text ?? '')) return undefined
  const attributes = new Map<string, Buffer[]>()
  const refuse = (problem: string): LdifRecord => ({ line, attributes: new Map(), problem })
  for (const { line: at, text } of lines) {
    const match = /^([a-z0-9][a-z0-9.-]*)(?:;[a-z0-9;-]*)?:([:<]?) *(.*)$/is.exec(text)
    if (!match) return refuse(`line ${at} is no "attribute: value"`)
    const [, name = '', sign, value = ''] = match
    const type = name.toLowerCase()
    if (sign === '<') continue
    if (sign === ':' && !isBase64(value)) return refuse(`line ${at}: ${type} is not base64`)
    const bytes = Buffer.from(value, sign === ':' ? 'base64' : 'utf8')
    const known = attributes.get(type)
    if (known) known.push(bytes)
    else attributes.set(type, [bytes])
  }
  if (!/^dn:/i.test(first?.text ?? '')) return refuse('does not begin with dn:')
  const change = attributes.get('changetype')?.[0]?.toString().trim().toLowerCase()
  if (change === undefined || change === 'add') return { line, attributes }
  return refuse(`a change (changetype: ${change}), not an account; export the accounts themselves`)
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/]*={0,2}\s*$/.test(text) && text.trim().length % 4 === 0
}
