/** Speech to text, by a service of the operator's. */
import { feature } from '../kernel/feature.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { access } from './callers.ts'
import { readSpeechConfig } from './config.ts'
import { examples } from './examples.ts'
import { speechMetrics } from './metrics.ts'
import { speechRoutes } from './routes.ts'
import { Transcriber } from './transcriber.ts'

export const speech = feature<Kernel>()({
  name: 'speech',
  config: readSpeechConfig,
  metrics: speechMetrics,
  services: kernel => ({ transcriber: new Transcriber(kernel, kernel.config.speechService) }),
  routes: speechRoutes,
  close: ({ transcriber }) => transcriber.close(),
  tags: { speech: 'Speech turned into text' },
  access,
  examples,
  answers: 'edge/speech/answers.json',
})
