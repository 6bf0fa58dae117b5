/**
 * Configures fast-check for the properties of this project. By default it keeps arrays at ten
 * elements, whatever `maxLength` says. Here a stated maximum is reached, so a run of sixty steps
 * has sixty steps.
 */
import fc from 'fast-check'

fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true })

export default fc
