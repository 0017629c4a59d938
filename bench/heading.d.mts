/** @param command that repeats it */
export function heading(command: string): string
