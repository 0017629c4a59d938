// The files that dashboards are made into: saved objects for Kibana, and a picture of each.
import { drawDashboard } from './draw.mjs'

const built = path => import(new URL(`../../dist/elastic/dashboards/${path}`, import.meta.url).href)
const [{ DASHBOARDS }, { savedObjectsNdjson }] = await Promise.all(
  ['dashboards.js', 'saved-objects.js'].map(built),
)

const TYPES = {
  metric: 'number', table: 'table', list: 'list of requests', series: 'chart over time', partition: 'parts of a whole', heatmap: 'heat map',
} // biome-ignore format: a table

/** What each panel answers, a table for each dashboard. */
export function panelTables(table) {
  return DASHBOARDS.map(({ title, panels }) => {
    const rows = panels
      .filter(p => p.type !== 'text')
      .map(p => [p.title, TYPES[p.type], p.description, p.criteria.join(', ')])
    return `### ${title.replace('Throughline: ', '')}\n\n${table(['panel', 'form', 'what it answers', 'SOC 2'], rows)}`
  }).join('\n\n')
}

export const SAVED_OBJECTS = () => ({ 'dashboards/kibana/throughline.ndjson': savedObjectsNdjson() })

/** Pictures by path. Simulates and reads a day of traffic, which takes some seconds. */
export async function pictures() {
  const { answers } = await import('./answers.mjs')
  const rows = await answers()
  return Object.fromEntries(
    DASHBOARDS.map(d => [
      `docs/images/dashboard-${d.id.replace('throughline-', '')}.svg`,
      drawDashboard(d, name => rows.get(`${d.id}/${name}`)),
    ]),
  )
}
