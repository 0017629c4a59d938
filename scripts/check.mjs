// Everything that is checked without running the program: format, lint, import directions, types, unused code.
import { installMissing, tool } from './install.mjs'

installMissing()
console.log('check: format, lint, import directions')
tool('@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.'])
console.log('check: types')
tool('typescript/bin/tsc', ['-p', 'tsconfig.json'])
console.log('check: unused code')
tool('knip/bin/knip.js', ['--no-progress'])
