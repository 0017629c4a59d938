/** Reads well on a screen, and on A4 paper without colours. */
export const STYLE = `
@page { size: A4; margin: 18mm 16mm 20mm }
:root { --line: #c8ccd0; --soft: #f4f5f6; --text: #1b1f24; --dim: #57606a; --good: #1a7f37; --warn: #9a6700; --bad: #b3261e }
* { box-sizing: border-box }
body { font: 10.5pt/1.45 "Helvetica Neue", Arial, sans-serif; color: var(--text); max-width: 178mm; margin: 12mm auto; padding: 0 4mm }
h1 { font-size: 20pt; margin: 0 0 2mm } h2 { font-size: 14pt; margin: 9mm 0 2mm; border-bottom: 1px solid var(--line); padding-bottom: 1mm; break-after: avoid }
h3 { font-size: 11pt; margin: 5mm 0 1.5mm; break-after: avoid } p { margin: 1.5mm 0 }
.lead { color: var(--dim); margin-bottom: 4mm }
dl { display: grid; grid-template-columns: 32mm 1fr; gap: 1mm 4mm; margin: 2mm 0 } dt { color: var(--dim) } dd { margin: 0; overflow-wrap: anywhere }
code, .c, pre { font-family: "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 8.5pt; overflow-wrap: anywhere }
pre { background: var(--soft); border: 1px solid var(--line); padding: 2mm 3mm; white-space: pre-wrap; break-inside: avoid }
table { border-collapse: collapse; width: 100%; margin: 2mm 0; font-size: 9pt } thead { display: table-header-group }
th { text-align: left; border-bottom: 1.5px solid var(--dim); padding: 1mm 2mm; font-weight: 600 } td { border-bottom: 1px solid var(--line); padding: .8mm 2mm; vertical-align: top; overflow-wrap: anywhere }
tr { break-inside: avoid } small { color: var(--dim); font-size: 8pt } .k { white-space: nowrap } .n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.cards { display: grid; grid-template-columns: repeat(4, 1fr); gap: 3mm; margin: 3mm 0 } .cards div { border: 1px solid var(--line); border-radius: 2mm; padding: 2mm 3mm; break-inside: avoid }
.cards b { display: block; font-size: 16pt; line-height: 1.2 } .cards span { color: var(--dim); font-size: 8.5pt }
.note { border-left: 3px solid var(--warn); background: var(--soft); padding: 1.5mm 3mm; margin: 2mm 0; break-inside: avoid }
.note.good { border-color: var(--good) } .note.bad { border-color: var(--bad) }
.grid { font-size: 6.5pt; table-layout: fixed } .grid th, .grid td { padding: .5mm .4mm; text-align: center; border: 1px solid var(--line) } .grid th:first-child, .grid td:first-child { width: 20mm; text-align: left; white-space: nowrap }
.grid .off { background: #fff; color: #d0d4d8 } .grid .none { background: #fbe3e1; color: var(--bad); font-weight: 700 } .grid .part { background: #fdf1d3 } .grid .full { background: #dff0e3 } .grid .unsure { background: #eceef0 }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 6mm } .two > div { min-width: 0 }
footer { margin-top: 10mm; color: var(--dim); font-size: 8.5pt; border-top: 1px solid var(--line); padding-top: 2mm }
@media print { body { margin: 0; padding: 0; max-width: none } * { print-color-adjust: exact; -webkit-print-color-adjust: exact } }
@media screen and (max-width: 600px) { .cards { grid-template-columns: 1fr 1fr } .two { grid-template-columns: 1fr } }
`
