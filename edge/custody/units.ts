/** The units in which thermometers report. Inside of this system all is in degrees Celsius. */
export const temperatureUnits = ['celsius', 'fahrenheit'] as const
export type TemperatureUnit = (typeof temperatureUnits)[number]

/** A temperature of this unit in degrees Celsius, rounded to a thousandth. */
export const celsiusOf = (value: number, unit: TemperatureUnit): number =>
  Math.round((unit === 'celsius' ? value : ((value - 32) * 5) / 9) * 1_000) / 1_000
