// The order in which test files start. Without times of an earlier run, vitest starts with the largest files; a short one
// that takes minutes would come last, and leave a processor idle.
import { BaseSequencer } from 'vitest/node'

/** @param {readonly string[]} longest ends of the paths of the files that take longest */
export function longestFirst(longest) {
  return class extends BaseSequencer {
    async sort(files) {
      const sorted = await super.sort(files)
      const isLong = ({ moduleId }) => longest.some(end => moduleId.endsWith(end))
      return [...sorted.filter(isLong), ...sorted.filter(file => !isLong(file))]
    }
  }
}
