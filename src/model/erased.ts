/** Kind of the subject of a hop whose own was erased. No line is read as one of it. */
export const ERASED_KIND = 'erased'

/** What stands in the place of words that named a subject. */
export const ERASED_TEXT = '(erased)'

/** What stands in the store for a subject that was erased: `erased-` and 8 random hex digits. */
export const ERASED_NAME = 'erased-[0-9a-f]{8}'

/** @param id random, such as a UUID */
export function erasedName(id: string): string {
  return `erased-${id.replaceAll('-', '').toLowerCase().slice(0, 8)}`
}
