/** Planted bugs are caught: the first part. */
import t from 'tap'
import { plantedBugs } from './fixture-planted.ts'

plantedBugs(t, 0, 3)
