export { SIMULATION_OPTIONS, type SimulationOptions } from './options.ts'
export { type SimulationSummary, simulate } from './simulate.ts'
export { writeSimulation } from './write.ts'
