/** JSON of any shape, as exports of Kibana are. */
// biome-ignore lint/suspicious/noExplicitAny: a foreign shape, which the tests are about
export type Tree = Readonly<Record<string, any>>

/** Values that Kibana keeps as JSON in a text. */
const AS_TEXT = new Set([
  'panelsJSON',
  'optionsJSON',
  'searchSourceJSON',
  'ignoreParentSettingsJSON',
  'fieldFormatMap',
  'fieldAttrs',
  'runtimeFieldMap',
  'fields',
])

export function decoded(value: unknown): unknown {
  if (typeof value !== 'string') throw new Error(`not JSON in a text: ${JSON.stringify(value)}`)
  return JSON.parse(value)
}

/**
 * The key paths of a value, with the kinds of what stands there: `a.b[].c`. JSON in texts is looked into.
 *
 * @param opaque paths whose inside is left out
 */
export function kindsOf(value: unknown, opaque: ReadonlySet<string>): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  const visit = (part: unknown, path: string): void => {
    if (path !== '') found.set(path, (found.get(path) ?? new Set()).add(kindOf(part)))
    if (opaque.has(path)) return
    if (Array.isArray(part)) for (const item of part) visit(item, `${path}[]`)
    else if (typeof part === 'object' && part !== null)
      for (const [key, inner] of Object.entries(part))
        visit(AS_TEXT.has(key) ? decoded(inner) : inner, path === '' ? key : `${path}.${key}`)
  }
  visit(value, '')
  return found
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'list' : typeof value
}
