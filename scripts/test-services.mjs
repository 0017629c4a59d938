// Tests against real services. No part of Throughline speaks to one yet; the script is the place where they are run.
import { installMissing } from './install.mjs'

installMissing()
console.log('no service is used yet: nothing to run')
