// Draws the shapes of the world map, one line per country: its UN M49 code (XK
// for Kosovo, which has none) and an SVG path. Small states, which
// the coarse shapes leave out, become dots at the centroids of finer ones.
import { readFileSync, writeFileSync } from 'node:fs'
import { geoNaturalEarth1, geoPath, geoCentroid } from 'd3-geo'
import { feature, merge } from 'topojson-client'

const width = 960, height = 460, radius = 3.2
// Areas that the shapes draw apart and that are part of a United Nations member.
const partOf = { 'N. Cyprus': '196', Somaliland: '706' }
const left = new Set(['010']) // Antarctica has no domains to measure

const read = name => JSON.parse(readFileSync(`node_modules/world-atlas/countries-${name}.json`))
const code = g => g.id ?? partOf[g.properties.name] ?? (g.properties.name === 'Kosovo' ? 'XK' : '')

const shapes = read('110m')
const byCode = new Map()
for (const g of shapes.objects.countries.geometries) {
  const id = code(g)
  if (id && !left.has(id)) byCode.set(id, [...(byCode.get(id) ?? []), g])
}
const drawn = new Map([...byCode].map(([id, list]) => [id, merge(shapes, list)]))
const all = { type: 'GeometryCollection', geometries: [...drawn.values()] }
const projection = geoNaturalEarth1().fitExtent([[4, 4], [width - 4, height - 4]], all)
const path = geoPath(projection).digits(1)

const lines = [...drawn].map(([id, shape]) => [id, path(shape)])
for (const detail of ['50m', '10m']) {
  for (const f of feature(read(detail), read(detail).objects.countries).features) {
    const id = code(f)
    if (!id || left.has(id) || drawn.has(id)) continue
    drawn.set(id, f)
    const [x, y] = projection(geoCentroid(f))
    lines.push([id, `M${(x - radius).toFixed(1)},${y.toFixed(1)}a${radius},${radius} 0 1,0 ${2 * radius},0a${radius},${radius} 0 1,0 ${-2 * radius},0`])
  }
}
lines.sort(([a], [b]) => a < b ? -1 : 1)
writeFileSync('../world.tsv', lines.map(l => l.join('\t')).join('\n') + '\n')
