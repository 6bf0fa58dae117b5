/** A picture for tests that another program wrote. */

/** A GS1 DataMatrix by zint: GTIN, expiry, batch and serial of a made-up pack. */
export const label = new Uint8Array(
  Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAADQAAAA0AQMAAAD/tomoAAAABlBMVEX///8AAABVwtN+AAAAeElEQVQY04XFIQpFQQgAQMEqeBVh68K7umAVvMqCVfBHbX/KAPxB7u4+M6dAz0SGR9b9RHrmwBM6E16AWEvZpXVCyjezM8Vbc9a1dVgFrT3Mcq1Hb62PFvC6VNHX754vZ9I8+NZGyLnOq/XWLS65DjSUmbu7e/7jB+1ufKtUI3m/AAAAAElFTkSuQmCC',
    'base64',
  ),
)
