/**
 * A circle in geohash cells: in rows and columns of 26 bits. It gives the cells of a coarse
 * precision that cover the circle, at most four on each side of the antimeridian. It also tells
 * whether the circle may touch a finer cell, and whether the cell is worth dividing further.
 *
 * An ellipse in rows and columns makes one test a few products, where a distance on the sphere
 * takes sines. It never denies a cell that the circle touches.
 */
import { boundingBox, earthRadiusKm, type GeoBounds } from '../../protocol/river/geo.ts'
import { axisBits, latitudeCell, longitudeCell } from './geohash-cell.ts'

const degree = Math.PI / 180
const axisCells = 2 ** axisBits
const rowsPerRadian = axisCells / Math.PI
const columnsPerRadian = axisCells / (2 * Math.PI)
/**
 * Largest half width for which the ellipse is proved, radians. A wider circle is only its bounding
 * box.
 */
const ellipseMax = 0.1
/** With both axes below `ellipseMax`, the ellipse is too small by less than a thousandth. */
const slack = 1.002

/** One circle at a time. Reusable: `place` overwrites the last one. */
export class GeohashCircle {
  rowMin = 0
  rowMax = 0
  /** Columns in one or two runs: a circle over the antimeridian has one run on each side. */
  readonly columnsMin: [number, number] = [0, 0]
  readonly columnsMax: [number, number] = [0, 0]
  runs = 0
  #row = 0
  #column = 0
  /** One over the squared half axes; 0 where only the bounding box counts. */
  #perRow = 0
  #perColumn = 0

  /** Takes the circle of `radiusKm` around a valid coordinate in degrees. */
  place(latitude: number, longitude: number, radiusKm: number): void {
    this.#row = ((latitude + 90) / 180) * axisCells
    this.#column = ((longitude + 180) / 360) * axisCells
    // (width / halfWidth)² <= 1 - (height / radius)², because of the haversine formula
    // hav(width) = (hav(radius) - hav(height)) / (cos cos) with the smallest cosine of the circle.
    const angle = Math.max(radiusKm / earthRadiusKm, 1e-7)
    const poleward = Math.min(Math.PI / 2, Math.abs(latitude) * degree + angle)
    const squared = (angle * angle) / (Math.cos(latitude * degree) * Math.cos(poleward))
    if (!(squared > 0 && squared < ellipseMax * ellipseMax)) {
      this.#placeWide(boundingBox(latitude, longitude, radiusKm))
      return
    }
    const halfHeight = angle * rowsPerRadian
    const halfWidth = Math.sqrt(squared) * columnsPerRadian
    this.#perRow = 1 / (halfHeight * halfHeight)
    this.#perColumn = 1 / (halfWidth * halfWidth)
    // The circle is more than nine radii away from both poles (squared is below 0.01), so its rows
    // need no clamp.
    this.rowMin = Math.floor(this.#row - halfHeight * slack)
    this.rowMax = Math.floor(this.#row + halfHeight * slack)
    this.#takeColumns(
      Math.floor(this.#column - halfWidth * slack),
      Math.floor(this.#column + halfWidth * slack),
    )
  }

  #placeWide(bounds: GeoBounds): void {
    this.#perRow = 0
    this.#perColumn = 0
    this.rowMin = latitudeCell(bounds.latitudeMin)
    this.rowMax = latitudeCell(bounds.latitudeMax)
    const columnMin = longitudeCell(bounds.longitudeMin)
    const columnMax = longitudeCell(bounds.longitudeMax)
    const wraps = bounds.longitudeMin > bounds.longitudeMax
    this.#takeColumns(columnMin, wraps ? columnMax + axisCells : columnMax)
  }

  #takeColumns(columnMin: number, columnMax: number): void {
    this.runs = columnMin < 0 || columnMax >= axisCells ? 2 : 1
    if (this.runs === 1) {
      this.columnsMin[0] = columnMin
      this.columnsMax[0] = columnMax
    } else {
      this.columnsMin[0] = columnMin < 0 ? columnMin + axisCells : columnMin
      this.columnsMax[0] = axisCells - 1
      this.columnsMin[1] = 0
      this.columnsMax[1] = columnMax < axisCells ? columnMax : columnMax - axisCells
    }
  }

  /**
   * Most bits of a geohash with which a run of columns lies in at most two columns and two rows.
   */
  coarseBits(run: number): number {
    const rowBits = axisBits - bitsOf(this.rowMax - this.rowMin)
    const columnBits = axisBits - bitsOf(this.columnsMax[run]! - this.columnsMin[run]!)
    return Math.min(2 * rowBits + 1, 2 * columnBits)
  }

  /**
   * For a cell in the bounding box: negative when the circle certainly touches nothing of it, 1
   * when the ellipse holds all of it, 0 otherwise. The ellipse is as wide everywhere as the circle
   * is at its poleward end, so a corner may lie outside the circle, by at most 7 % of the radius nine
   * radii from a pole. A caller that gets 1 still measures the distance of each place.
   */
  holds(row: number, rows: number, column: number, columns: number): -1 | 0 | 1 {
    if (this.#perRow === 0 || columns > axisCells / 4) return 0
    const south = row - this.#row
    const north = south + rows
    let west = column - this.#column
    // Over the antimeridian the distance may be shorter.
    const middle = west + columns / 2
    if (middle > axisCells / 2) west -= axisCells
    else if (middle < -axisCells / 2) west += axisCells
    const east = west + columns
    const height = south > 0 ? south : north < 0 ? north : 0
    const width = west > 0 ? west : east < 0 ? east : 0
    if (height * height * this.#perRow + width * width * this.#perColumn > slack) return -1
    const heightMax = north > -south ? north : south
    const widthMax = east > -west ? east : west
    return heightMax * heightMax * this.#perRow + widthMax * widthMax * this.#perColumn < 1 ? 1 : 0
  }
}

/** The number of bits of a whole number; 0 has none. */
function bitsOf(count: number): number {
  return 32 - Math.clz32(count)
}
