import { existsSync } from 'node:fs'
import { isDynamicPattern } from 'tinyglobby'
import { ThroughlineError } from '../errors.ts'

/** Places that are followed may be empty, and come and go, but must be there at first. @throws SOURCE_NOT_FOUND */
export function checkPlacesExist(places: readonly string[]): void {
  for (const place of places) {
    if (place !== '-' && (existsSync(place) || isDynamicPattern(place))) continue
    throw new ThroughlineError(
      'SOURCE_NOT_FOUND',
      `source ${place}: no such file or folder; make it first: a place that is followed may be empty, and may come and go later`,
      { path: place },
    )
  }
}
