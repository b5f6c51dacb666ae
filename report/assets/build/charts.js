// Draws the charts of a country's page from the tables that stand below them.
// Colours are classes of site.css; no style is set here, so that the strictest
// Content-Security-Policy lets the charts be. In right-to-left languages charts
// begin at the right.
import { axisBottom, axisLeft, axisRight } from 'd3-axis'
import { scaleBand, scaleLinear } from 'd3-scale'
import { create, select } from 'd3-selection'
import { area, line } from 'd3-shape'

const rtl = document.documentElement.dir === 'rtl'
const percent = new Intl.NumberFormat(document.documentElement.lang, { style: 'percent', numberingSystem: 'latn' })
const whole = new Intl.NumberFormat(document.documentElement.lang, { numberingSystem: 'latn' })

// canvas returns an image of a size, with its text alternative.
function canvas (figure, width, height) {
  return create('svg').attr('viewBox', `0 0 ${width} ${height}`).attr('width', width).attr('height', height)
    .attr('role', 'img').attr('aria-label', figure.dataset.alt)
}

// room returns how wide the widest of some texts is, in the font that this
// reader has and the type of a class: a label placed by the measure of another
// font ends outside the paper.
function room (figure, type, texts) {
  const svg = select(figure.querySelector('.plot')).append('svg')
  const group = svg.append('g').attr('class', type)
  const widths = texts.map(text => group.append('text').attr('class', type).text(text).node().getComputedTextLength())
  svg.remove()
  return Math.ceil(Math.max(...widths))
}

// ends orders the two ends of a horizontal scale.
const ends = (near, far, width) => rtl ? [width - near, width - far] : [near, far]

// spaced keeps the last point and every second, third ... before it, so that
// each has room for its label.
function spaced (points, x, room) {
  for (let step = 1; ; step++) {
    const kept = points.filter((_, i) => (points.length - 1 - i) % step === 0)
    if (kept.every((p, i) => !i || Math.abs(x(p) - x(kept[i - 1])) >= room)) return kept
  }
}

// history draws the share of ready domains over time: a line, with the interval
// of each scan as a whisker or, where there are many, as a band. Rings stand for
// shares of so few domains that they compare with nothing.
function history (figure, rows, width) {
  const points = rows.map(r => ({ day: r.dataset.at.slice(0, 10), at: Date.parse(r.dataset.at), share: +r.dataset.share, low: +r.dataset.low, top: +r.dataset.top, few: 'few' in r.dataset, text: r.cells[1].textContent }))
  if (points.length < 2 || points.every(p => p.few)) return null
  const last = points.at(-1), label = last.few ? '' : last.text, shares = [0, 0.25, 0.5, 0.75, 1]
  const dayWidth = room(figure, 'axis', points.map(p => p.day))
  const near = Math.max(10 + room(figure, 'axis', shares.map(v => percent.format(v))), dayWidth / 2)
  const far = width - Math.max(12 + room(figure, 'value', [label]), dayWidth / 2)
  const height = 240, floor = height - 32
  const svg = canvas(figure, width, height)
  const x = scaleLinear([points[0].at, Math.max(points.at(-1).at, points[0].at + 1)], ends(near, far, width))
  const y = scaleLinear([0, 1], [floor, 14])
  const axis = (rtl ? axisRight : axisLeft)(y).tickValues(shares).tickFormat(v => percent.format(v))
    .tickSize(-(far - near)).tickPadding(8)
  svg.append('g').attr('class', 'axis grid').attr('transform', `translate(${ends(near, 0, width)[0]},0)`).call(axis)
  const labelled = spaced(points, p => x(p.at), dayWidth + 16)
  svg.append('g').attr('class', 'axis').attr('transform', `translate(0,${floor})`)
    .call(axisBottom(x).tickValues(labelled.map(p => p.at)).tickFormat(v => points.find(p => p.at === v).day).tickSize(5).tickPadding(6))
  if (points.length > 8) {
    svg.append('path').attr('class', 'band').attr('d', area().x(p => x(p.at)).y0(p => y(p.low)).y1(p => y(p.top))(points))
  } else {
    svg.append('g').selectAll('path').data(points).join('path').attr('class', 'whisker')
      .attr('d', p => `M${x(p.at)},${y(p.low)}V${y(p.top)}m-5,0h10M${x(p.at) - 5},${y(p.low)}h10`)
  }
  svg.append('path').attr('class', 'line').attr('d', line().x(p => x(p.at)).y(p => y(p.share))(points))
  svg.append('g').selectAll('circle').data(points).join('circle').attr('class', p => p.few ? 'point few' : 'point')
    .attr('cx', p => x(p.at)).attr('cy', p => y(p.share)).attr('r', points.length > 8 ? 3 : 5)
  svg.append('text').attr('class', 'value').attr('x', x(last.at) + (rtl ? -10 : 10)).attr('y', y(last.share)).attr('dy', '0.35em')
    .attr('text-anchor', rtl ? 'end' : 'start').text(label)
  return svg.node()
}

// reasons draws for each reason the domains that it holds back, and of these the
// ones that its fix alone would free.
function reasons (figure, rows, width) {
  const list = rows.map(r => ({ token: r.dataset.reason, freed: +r.dataset.freed, held: +r.dataset.held })).filter(r => r.held)
  if (!list.length) return null
  const value = r => `${whole.format(r.freed)} / ${whole.format(r.held)}`
  const tokens = room(figure, 'token', list.map(r => r.token))
  const narrow = width < 480 || tokens > width / 2, step = narrow ? 46 : 30, head = 6
  const height = head + step * list.length + 30
  const svg = canvas(figure, width, height)
  const near = narrow ? 8 : tokens + 10
  const far = width - room(figure, 'value', list.map(value)) - 10
  const most = Math.max(...list.map(r => r.held))
  const x = scaleLinear([0, most], ends(near, far, width)).nice(4)
  const y = scaleBand(list.map(r => r.token), [head, head + step * list.length]).paddingInner(0.35).paddingOuter(0.2)
  const thick = narrow ? 16 : y.bandwidth()
  const top = r => y(r.token) + (narrow ? y.bandwidth() - thick : 0)
  const ticks = x.ticks(Math.min(4, most)).filter(Number.isInteger)
  svg.append('g').attr('class', 'axis grid').attr('transform', `translate(0,${height - 26})`)
    .call(axisBottom(x).tickValues(ticks).tickFormat(v => whole.format(v)).tickSize(-(height - 26 - head)).tickPadding(8))
  const bar = (name, size) => svg.append('g').selectAll('rect').data(list.filter(size)).join('rect').attr('class', name)
    .attr('x', r => Math.min(x(0), x(size(r)))).attr('width', r => Math.abs(x(size(r)) - x(0))).attr('y', top).attr('height', thick)
  bar('held', r => r.held)
  bar('freed', r => r.freed)
  svg.append('g').selectAll('text').data(list).join('text').attr('class', 'token')
    .attr('x', r => narrow ? x(0) : ends(near - 8, 0, width)[0]).attr('y', r => narrow ? top(r) - 6 : top(r) + thick / 2)
    .attr('dy', narrow ? null : '0.35em').attr('text-anchor', narrow === rtl ? 'end' : 'start').text(r => r.token)
  svg.append('g').selectAll('text').data(list).join('text').attr('class', 'value')
    .attr('x', r => x(r.held) + (rtl ? -8 : 8)).attr('y', r => top(r) + thick / 2).attr('dy', '0.35em')
    .attr('text-anchor', rtl ? 'end' : 'start').text(value)
  return svg.node()
}

const drawers = { history, reasons }
const widest = 736

for (const figure of document.querySelectorAll('figure[data-chart]')) {
  const rows = [...document.getElementById(figure.dataset.from).tBodies[0].rows]
  const place = figure.querySelector('.plot')
  let drawn = 0
  const draw = () => {
    const width = Math.min(widest, Math.floor(place.clientWidth))
    if (width === drawn || !width) return
    drawn = width
    const chart = drawers[figure.dataset.chart](figure, rows, width)
    if (chart) place.replaceChildren(chart)
    else figure.hidden = true
  }
  figure.hidden = false
  draw()
  new ResizeObserver(draw).observe(place)
}
