// npm run bench:accuracy [-- --regimes a,b --pairs 2500]
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { parseArgs } from 'node:util'
import { addCounts, emptyCounts, figures } from './measure.mjs'
import { regimes } from './regimes.mjs'
const { values } = parseArgs({ options: { regimes: { type: 'string' }, pairs: { type: 'string', default: '2500' }, verbose: {type:'boolean'} } })
const V=[]
const L=[0,.02,.1],R=[5,20,50,150],O=[0,3700,-7200000]
for(let k=0;k<9;k++){ const d=k%3===2; V.push({seed:k+1,pairs:+values.pairs,loss:L[(k+Math.floor(k/3))%3],ratePerSecond:R[k%4],offsetMs:O[k%3===0?Math.floor(k/3):(k+1)%3],...(d?{driftPpm:50,stepMs:1300}:{})}) }
const run=promisify(execFile)
const names=(values.regimes?.split(',')??regimes().map(r=>r.name))
for(const name of names){ const total=emptyCounts(); let link=0,read=0; const warn=new Set()
 const queue=V.filter(v=>!process.env.ONLY||process.env.ONLY.split(",").includes(String(v.seed))); const worker=async()=>{for(let v;(v=queue.shift());){ const {stdout}=await run(process.execPath,[new URL('one.mjs',import.meta.url).pathname,name,JSON.stringify(v)],{maxBuffer:1e8}); const r=JSON.parse(stdout); addCounts(total,r.counts); link+=r.linkSeconds;read+=r.readSeconds; r.warnings.forEach(w=>warn.add(w)); if(values.verbose){const f=figures(r.counts);console.log('  ',JSON.stringify(v),f.at[.9].precision.toFixed(2),f.at[.9].recall.toFixed(2),f.at[.9].orphans.toFixed(2),'ece',f.ece.toFixed(2), r.readSeconds.toFixed(1),r.linkSeconds.toFixed(1))}}}
 await Promise.all([worker(),worker()])
 const f=figures(total); const p=x=>`${x.precision.toFixed(3)} / ${x.recall.toFixed(2)} / ${x.orphans.toFixed(2)}`
 console.log(name.padEnd(28),total.pairs,total.orphans,'|',p(f.at[.9]),'|',p(f.at[.99]),'| ECE',f.ece.toFixed(3),'bypass',f.at[.9].bypassLinked,'| read',read.toFixed(0),'link',link.toFixed(0))
 console.log('    wrong',JSON.stringify(total.wrong),'missed',JSON.stringify(total.missed), [...warn].slice(0,4).join(' ; '))
}
