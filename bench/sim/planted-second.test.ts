/** Planted bugs are caught: the second part. */
import t from 'tap'
import { plantedBugs } from './fixture-planted.ts'

plantedBugs(t, 1, 3)
