export { SIMULATION_OPTIONS, type SimulationOptions } from './options.ts'
export { type SimulationSummary, simulate } from './simulate.ts'
export { type SimulationProgress, type WrittenSimulation, writeSimulation } from './write.ts'
