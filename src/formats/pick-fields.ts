import { fieldKey } from '../model/ids.ts'

const patterns = new Map<string, RegExp>()

/** A name pattern (`*` matches any run) over names without case, dash, underscore or dot. */
function patternOf(glob: string): RegExp {
  let pattern = patterns.get(glob)
  if (!pattern) {
    pattern = new RegExp(`^${glob.split('*').map(fieldKey).join('.*')}$`)
    patterns.set(glob, pattern)
  }
  return pattern
}

/** The fields that match a list of preferred names, in the order of the list. */
export function pickFields<T extends { readonly name: string }>(
  wanted: readonly string[],
  available: readonly T[],
): T[] {
  const picked: T[] = []
  for (const glob of wanted) {
    for (const field of available) {
      if (patternOf(glob).test(fieldKey(field.name)) && !picked.includes(field)) picked.push(field)
    }
  }
  return picked
}
