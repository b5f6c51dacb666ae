// Sorts and filters the tables; without it the pages are whole but for that.
'use strict'
const value = cell => cell.dataset.v !== undefined ? Number(cell.dataset.v) : cell.textContent.trim()
const collator = new Intl.Collator(document.documentElement.lang, { numeric: true })

for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.tHead.rows[0].cells]
  heads.forEach((head, column) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.append(...head.childNodes)
    head.append(button)
    button.addEventListener('click', () => {
      const number = head.classList.contains('num')
      const now = head.getAttribute('aria-sort')
      const down = now ? now === 'ascending' : number
      heads.forEach(h => h.removeAttribute('aria-sort'))
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending')
      const rows = [...table.tBodies[0].rows].map(row => [value(row.cells[column]), row])
      // What was not measured, -1, stays at the end whichever the direction.
      rows.sort(([a], [b]) => {
        if (a === -1 || b === -1) return (a === -1) - (b === -1)
        const order = typeof a === 'number' ? a - b : collator.compare(a, b)
        return down ? -order : order
      })
      table.tBodies[0].append(...rows.map(([, row]) => row))
    })
  })
}

// Browsers leave buttons out where they repeat the head of a table on the next
// sheet of paper, so on paper the heads are plain text.
const buttons = [...document.querySelectorAll('th button')]
const places = buttons.map(button => button.parentElement)
window.addEventListener('beforeprint', () => buttons.forEach((button, i) => places[i].replaceChildren(button.textContent)))
window.addEventListener('afterprint', () => buttons.forEach((button, i) => places[i].replaceChildren(button)))

for (const filter of document.querySelectorAll('.filter')) {
  const table = document.getElementById(filter.dataset.for)
  const text = filter.querySelector('input')
  const status = filter.querySelector('select')
  const shown = filter.querySelector('output b')
  const rows = [...table.tBodies[0].rows]
  const words = rows.map(row => row.textContent.toLowerCase())
  const apply = () => {
    const wanted = text.value.trim().toLowerCase()
    const chip = status && status.value
    let count = 0
    rows.forEach((row, i) => {
      row.hidden = !words[i].includes(wanted) || Boolean(chip && !row.querySelector('.chip.' + chip))
      if (!row.hidden) count++
    })
    shown.textContent = new Intl.NumberFormat(document.documentElement.lang, { numberingSystem: 'latn' }).format(count)
  }
  text.addEventListener('input', apply)
  if (status) status.addEventListener('change', apply)
  filter.hidden = false
}
