/** Planted bugs are caught: the third part. */
import t from 'tap'
import { plantedBugs } from './fixture-planted.ts'

plantedBugs(t, 2, 3)
