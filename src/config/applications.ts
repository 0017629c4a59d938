import { z } from 'zod'

const globs = (description: string) =>
  z
    .array(z.string().min(1))
    .min(1, 'expected at least one glob, or leave the key out')
    .optional()
    .describe(description)

const GATEWAY = z
  .strictObject({
    proxies: globs('API proxies, such as `payroll-v1` or `payroll-*`.'),
    targetHosts: globs('Hosts that the gateway calls.'),
    environments: globs('Apigee environments.'),
  })
  .refine(isSaying, 'expected proxies, targetHosts or environments')
  .optional()
  .describe('Which gateway hops belong to it; all lists that are given must match. Absent: none.')

const APP = z
  .strictObject({
    sites: globs('IIS sites, such as `W3SVC2`.'),
    hostHeaders: globs('Host headers.'),
    servers: globs('Addresses of servers, such as `10.20.1.*`.'),
    hosts: globs('Names of the hosts that served, such as `web-pay-*`.'),
  })
  .refine(isSaying, 'expected sites, hostHeaders, servers or hosts')
  .optional()
  .describe('Which app hops belong to it; all lists that are given must match. Absent: none.') // biome-ignore format: a table

const APPLICATION = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i, 'expected up to 64 letters, digits, dots, dashes or underscores')
    .refine(name => name.toLowerCase() !== 'default', 'default is what matches no application; expected another name')
    .describe('Name of the application: letters, digits, `.`, `_`, `-`.'),
  gateway: GATEWAY,
  app: APP,
}) // biome-ignore format: a table

export type ApplicationRule = z.infer<typeof APPLICATION>

/** The key `applications` of the configuration. */
export const APPLICATIONS = z
  .array(APPLICATION)
  .default([])
  .superRefine((applications, context) => {
    for (const [index, application] of applications.entries())
      for (const { path, message } of clashes(application, applications.slice(0, index)))
        context.addIssue({ code: 'custom', path: [index, path], message })
  })
  .describe(
    'Which hops belong to which application; globs with `*`, without case. The first that matches wins, what matches none is application `default`.',
  )

function isSaying(part: Readonly<Record<string, unknown>>): boolean {
  return Object.values(part).some(list => list !== undefined)
}

/** What is wrong with an application beside those that come before it. */
function clashes(
  { name, gateway, app }: ApplicationRule,
  before: readonly ApplicationRule[],
): { path: 'name' | 'gateway' | 'app'; message: string }[] {
  const sameName = before.find(other => other.name.toLowerCase() === name.toLowerCase())
  if (sameName) return [{ path: 'name', message: `${sameName.name} is defined twice; expected another name` }]
  return before.flatMap(other =>
    (['gateway', 'app'] as const)
      .filter(part => isSamePart(part === 'gateway' ? gateway : app, other[part]))
      .map(path => ({
        path,
        message: `contradictory: ${other.name} and ${name} have the same ${path} part, so ${name} would never get one; expected different globs`,
      })),
  )
}

/** Whether two parts match the same hops as they are written: order and case of globs do not count. */
function isSamePart(a: Readonly<Record<string, unknown>> | undefined, b: typeof a): boolean {
  return a !== undefined && b !== undefined && canonical(a) === canonical(b)
}

function canonical(part: Readonly<Record<string, unknown>>): string {
  const lists = Object.entries(part).flatMap(([key, list]) =>
    Array.isArray(list) ? [[key, ...[...new Set(list.map(glob => String(glob).toLowerCase()))].sort()]] : [],
  )
  return JSON.stringify(lists.sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1)))
}
