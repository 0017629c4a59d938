/** A value of a fact or a link as its canonical text says it: stamps in µs since 1970, whole numbers beyond 2^53 as bigint. */
export type FactValue = string | number | bigint | boolean | readonly string[]

/** Columns with a value. */
export type Facts = Readonly<Record<string, FactValue | undefined>>

export function textIn(facts: Facts, column: string): string | undefined {
  const value = facts[column]
  return typeof value === 'string' ? value : undefined
}

export function numberIn(facts: Facts, column: string): number | undefined {
  const value = facts[column]
  return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : undefined
}

/** A whole number with all its digits. */
export function wholeIn(facts: Facts, column: string): number | bigint | undefined {
  const value = facts[column]
  return typeof value === 'number' || typeof value === 'bigint' ? value : undefined
}

/** Undefined where the line does not say. */
export function flagIn(facts: Facts, column: string): boolean | undefined {
  const value = facts[column]
  return typeof value === 'boolean' ? value : undefined
}
