import { deadExports } from './exports.ts'
import { circles, twoWayFolders } from './circles.ts'
import { danglingMentions } from './mentions.ts'
import { sources } from './sources.ts'
const t0 = performance.now()
const d = deadExports(sources, p => /main\.ts$/.test(p) || p === 'protocol/client/index.ts')
console.log(d.length, 'dead')
console.log(d.join('\n'))
const p = sources.filter(s => !s.test)
console.log(circles(p), twoWayFolders(p).length, twoWayFolders(p))
console.log(danglingMentions().join('\n'))
console.log(performance.now() - t0, 'ms')
