/**
 * fast-check as every property of this project uses it. Its default size keeps arrays at ten
 * elements,
 * whatever `maxLength` says; here a stated maximum is reached, so a run of sixty steps has sixty
 * steps.
 */
import fc from 'fast-check'

fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true })

export default fc
