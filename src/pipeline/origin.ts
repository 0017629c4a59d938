import picomatch from 'picomatch'
import type { Config } from '../config/schema.ts'

/** Host and site of a log, where its rows do not say them. */
export interface Origin {
  readonly host?: string
  readonly site?: string
}

/** Finds the origin of a path: given by the user, else by the first configured rule that matches it. */
export function originFinder(given: Origin, rules: Config['hosts']): (path: string) => Origin {
  const compiled = rules.map(rule => ({ ...rule, matches: picomatch(rule.path) }))
  return path => {
    const rule = compiled.find(r => r.matches(path))
    const host = given.host ?? rule?.host
    const site = given.site ?? rule?.site
    return { ...(host ? { host } : {}), ...(site ? { site } : {}) }
  }
}
