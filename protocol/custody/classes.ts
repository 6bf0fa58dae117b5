/** The classes of goods. An order may have several, and one without any is plain. */
import Type from 'typebox'
import { oneOf } from '../kernel/schema.ts'

export const goodsClasses = [
  'plain',
  'prescription',
  'cold_chain',
  'controlled',
  'age_restricted',
] as const
export type GoodsClass = (typeof goodsClasses)[number]

export const GoodsClasses = Type.Array(oneOf(goodsClasses), {
  uniqueItems: true,
  maxItems: goodsClasses.length,
  description: 'What the goods are; their policies add up. Without it they are plain',
})
