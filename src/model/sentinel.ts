/** Values that stand for "no value" in Apigee exports and headers; never an id or a person. */
const SENTINELS = new Set([
  '',
  '-',
  '(not set)',
  'not set',
  // As IIS logs them.
  '(not+set)',
  'not+set',
  'null',
  'undefined',
  'na',
  'n/a',
  '\\n',
  '0',
  'none',
  'nil',
])

/** Whether a value says that there is none. */
export function isSentinel(value: string): boolean {
  return value.length <= 9 && SENTINELS.has(value.toLowerCase())
}
