/**
 * Speech to text: `/api/speech`, for forms and answers on devices whose browser has no recogniser of
 * its own.
 */
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { roles } from '../kernel/identity.ts'
import type { Kernel, WithMetrics } from '../kernel/kernel.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject } from '../kernel/shapes.ts'
import { familyNames, inspectMedia } from '../uploads/media.ts'
import { speechLimits } from './limits.ts'
import type { SpeechMetrics } from './metrics.ts'
import type { Transcriber } from './transcriber.ts'

export type SpeechContext = Pick<Kernel, 'nowMs'> &
  WithMetrics<SpeechMetrics> & { transcriber: Transcriber }

const tags = ['speech']

/** The rows of `/api/speech`. */
export function speechRoutes(ctx: SpeechContext): AnyRoute[] {
  return [
    route({
      method: 'GET',
      path: '/api/speech',
      operationId: 'getSpeech',
      summary:
        'Whether this server turns speech into text, and the largest recording that it takes',
      tags,
      standing: 'carrying',
      auth: roles,
      responses: {
        200: {
          description: 'What a page needs before it shows a microphone',
          schema: Type.Object({ available: Type.Boolean(), bytes_max: Type.Integer() }),
        },
      },
      handler: () => ({
        status: 200,
        body: {
          available: ctx.transcriber.isConfigured,
          bytes_max: speechLimits.soundBytesMax,
        },
      }),
    }),
    route({
      method: 'POST',
      path: '/api/speech',
      operationId: 'transcribe',
      summary:
        'The text of a recording, for a form or an answer; neither the recording nor the text is kept',
      tags,
      standing: 'carrying',
      auth: roles,
      audit: false,
      query: closedObject({
        language: Type.Optional(
          Type.String({
            pattern: '^[a-z]{2,3}$',
            'x-rule': 'must be a language by ISO 639 such as ne',
            description: 'The language that is spoken; absent: it is recognised',
          }),
        ),
      }),
      multipart: {
        fields: closedObject({}),
        raw: 'file',
        files: { file: { required: true, description: familyNames.sound } },
      },
      responses: {
        200: {
          description: 'The text; empty where nobody speaks',
          schema: Type.Object({
            text: Type.String(),
            cut: Type.Boolean({
              description: `The text was longer than ${speechLimits.textCharactersMax} characters`,
            }),
          }),
        },
      },
      errors: [
        'unsupported_media_type',
        'file_malformed',
        'body_too_large',
        'speech_unconfigured',
        'speech_failed',
        'overloaded',
      ],
      handler: async ({ identity, parts, query }) => {
        const beganMs = ctx.nowMs()
        let outcome = 'refused'
        try {
          const { data } = parts[0]!
          if (data.length > speechLimits.soundBytesMax)
            throw new CaduceusError(
              'body_too_large',
              `a recording may have ${speechLimits.soundBytesMax} bytes`,
            )
          const sound = inspectMedia(data, ['sound'])
          outcome = 'failed'
          const answer = await ctx.transcriber.textOf(
            identity.userId,
            sound,
            query.language ?? null,
          )
          outcome = answer.text === '' ? 'silence' : 'text'
          return { status: 200, body: answer }
        } finally {
          ctx.metrics.recordings.inc({ outcome })
          ctx.metrics.speechSeconds.observe((ctx.nowMs() - beganMs) / 1_000)
        }
      },
    }),
  ]
}
