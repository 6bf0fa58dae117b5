/** The bounds of what is believed of a device. */

/**
 * A position after a jump is believed when it has been confirmed over this time, by the device's clock and by the
 * engine's. A receiver that lost its fix finds it within seconds; somebody who sends made-up frames in one
 * breath, or with made-up times, has to keep the story up while the driver's true positions must not come.
 */
export const reanchorConfirmMs = 10_000

/**
 * Steps that are too fast and too small to be more than noise count from where they began for so long, by the
 * device's clock. A receiver between houses is off by tens of metres within seconds, and comes back.
 */
export const noiseWindowMs = 10_000
