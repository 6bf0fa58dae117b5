/**
 * Small files for tests. A browser's canvas and recorder made the images and recordings, because
 * files that we composed ourselves would only show that we agree with ourselves. The rest follows
 * the documents of their formats.
 */
import { deflateSync } from 'node:zlib'

const decoded = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))

/** Pictures of 24 by 16 pixels. */
export const jpeg = decoded(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/4gHYSUNDX1BST0ZJTEUAAQEAAAHIAAAAAAQwAABtbnRyUkdCIFhZWiAH4AABAAEAAAAAAABhY3NwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAA9tYAAQAAAADTLQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAlkZXNjAAAA8AAAACRyWFlaAAABFAAAABRnWFlaAAABKAAAABRiWFlaAAABPAAAABR3dHB0AAABUAAAABRyVFJDAAABZAAAAChnVFJDAAABZAAAAChiVFJDAAABZAAAAChjcHJ0AAABjAAAADxtbHVjAAAAAAAAAAEAAAAMZW5VUwAAAAgAAAAcAHMAUgBHAEJYWVogAAAAAAAAb6IAADj1AAADkFhZWiAAAAAAAABimQAAt4UAABjaWFlaIAAAAAAAACSgAAAPhAAAts9YWVogAAAAAAAA9tYAAQAAAADTLXBhcmEAAAAAAAQAAAACZmYAAPKnAAANWQAAE9AAAApbAAAAAAAAAABtbHVjAAAAAAAAAAEAAAAMZW5VUwAAACAAAAAcAEcAbwBvAGcAbABlACAASQBuAGMALgAgADIAMAAxADb/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCAAQABgDASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAAIF/8QAGBAAAgMAAAAAAAAAAAAAAAAAAAIREiH/xAAXAQADAQAAAAAAAAAAAAAAAAACAwQF/8QAIBEAAQEIAwAAAAAAAAAAAAAAAFERExQjJDFigWOR8P/aAAwDAQACEQMRAD8AymasYFa04GW0aFWs6HNe46QnoIDm2vVvNKAA8yT/2Q==',
)
export const png = decoded(
  'iVBORw0KGgoAAAANSUhEUgAAABgAAAAQCAYAAAAMJL+VAAAASElEQVR4AeyTMQoAMAgDU1+en9vODooUHUQhgxAwOVBAaqUExTPwgJLwlCU6EFEWQeRfRBEh9CM67w88hZGNob+BCfC9lje4AAAA//961QT0AAAABklEQVQDAIFVSAnIjCvCAAAAAElFTkSuQmCC',
)
export const webp = decoded(
  'UklGRlwCAABXRUJQVlA4WAoAAAAgAAAAFwAADwAASUNDUMgBAAAAAAHIAAAAAAQwAABtbnRyUkdCIFhZWiAH4AABAAEAAAAAAABhY3NwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAA9tYAAQAAAADTLQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAlkZXNjAAAA8AAAACRyWFlaAAABFAAAABRnWFlaAAABKAAAABRiWFlaAAABPAAAABR3dHB0AAABUAAAABRyVFJDAAABZAAAAChnVFJDAAABZAAAAChiVFJDAAABZAAAAChjcHJ0AAABjAAAADxtbHVjAAAAAAAAAAEAAAAMZW5VUwAAAAgAAAAcAHMAUgBHAEJYWVogAAAAAAAAb6IAADj1AAADkFhZWiAAAAAAAABimQAAt4UAABjaWFlaIAAAAAAAACSgAAAPhAAAts9YWVogAAAAAAAA9tYAAQAAAADTLXBhcmEAAAAAAAQAAAACZmYAAPKnAAANWQAAE9AAAApbAAAAAAAAAABtbHVjAAAAAAAAAAEAAAAMZW5VUwAAACAAAAAcAEcAbwBvAGcAbABlACAASQBuAGMALgAgADIAMAAxADZWUDggbgAAAJAFAJ0BKhgAEAA+0VSjS6gkoyGwCAEAGglqAJ0ygwQHUA2gC5//QA/wG9AftV8IHkAAmeAAAP7o5i1ENxwoahYga2lp+NBKr5f7DByFt2OasD2vNsNtIYZNK2NIliE1rHMVxDUFuSEQh/kSMgAA',
)
/** As a phone takes it, with the position of its home: a tile of HEVC, in a grid, with Exif. */
export const heic = decoded(
  'AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAA7ZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAAA5waXRtAAAAAAACAAAAEGlkYXQAAAAAABgAEAAAAExpbG9jAQAAAERAAAMAAQAAAAAAAAPaAAEAAAAAAAAASwACAAEAAAAAAAAAAQAAAAAAAAAIAAMAAAAAAAAEJQABAAAAAAAAADIAAABNaWluZgAAAAAAAwAAABVpbmZlAgAAAQABAABodmMxAAAAABVpbmZlAgAAAAACAABncmlkAAAAABVpbmZlAgAAAQADAABFeGlmAAAAAqppcHJwAAACh2lwY28AAABzaHZjQwEDcAAAAAAAAAAAAB7wAPz9+PgAAA8DIAABABhAAQwB//8DcAAAAwCQAAADAAADAB66AkAhAAEAJ0IBAQNwAAADAJAAAAMAAAMAHqAggQWW6q6a5sCAAAADAIAAAAMAhCIAAQAGRAHBc8GJAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAUaXNwZQAAAAAAAAAYAAAAEAAAAdRjb2xycHJvZgAAAcgAAAAABDAAAG1udHJSR0IgWFlaIAfgAAEAAQAAAAAAAGFjc3AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABAAD21gABAAAAANMtAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACWRlc2MAAADwAAAAJHJYWVoAAAEUAAAAFGdYWVoAAAEoAAAAFGJYWVoAAAE8AAAAFHd0cHQAAAFQAAAAFHJUUkMAAAFkAAAAKGdUUkMAAAFkAAAAKGJUUkMAAAFkAAAAKGNwcnQAAAGMAAAAPG1sdWMAAAAAAAAAAQAAAAxlblVTAAAACAAAABwAcwBSAEcAQlhZWiAAAAAAAABvogAAOPUAAAOQWFlaIAAAAAAAAGKZAAC3hQAAGNpYWVogAAAAAAAAJKAAAA+EAAC2z1hZWiAAAAAAAAD21gABAAAAANMtcGFyYQAAAAAABAAAAAJmZgAA8qcAAA1ZAAAT0AAAClsAAAAAAAAAAG1sdWMAAAAAAAAAAQAAAAxlblVTAAAAIAAAABwARwBvAG8AZwBsAGUAIABJAG4AYwAuACAAMgAwADEANgAAABBwaXhpAAAAAAMICAgAAAAbaXBtYQAAAAAAAAACAAECgQIAAgMDhIUAAAAoaXJlZgAAAAAAAAAOZGltZwACAAEAAQAAAA5jZHNjAAMAAQACAAAAhW1kYXQAAABHKAGvGSGlOEjvXhIzG9LX4K0h1EEZVQdf16Ebo/17TOJaltNqDWZasYyrjShU5bMI16OJVTrFtvOfTsSQMrGmewLEsE6xxMAAAAAASUkqAAgAAAABAA4BAgAUAAAAGgAAAAAAAABOIDI3LjcxNzIgRSA4NS4zMjQwAA==',
)
/** A third of a second of Opus. */
export const webm = decoded(
  'GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibUKHgQRChYECGFOAZwEAAAAAAAImEU2bdLlNu4tTq4QVSalmU6yBbk27i1OrhBZUrmtTrIGTTbuLU6uEH0O2dVOsgddNu4xTq4QcU7trU6yCAhTsrgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAVSalmoCrXsYMPQkBEiYRDbxlYTYCGQ2hyb21lV0GGQ2hyb21lFlSua7+uvdeBAXPFhyGyTlC58j2DgQKGhkFfT1BVU2Oik09wdXNIZWFkAQIAAIC7AAAAAADhjbWERzuAAJ+BAmJkgSAfQ7Z1AQAAAAAAATHngQCjxoEAAIAY4XYBkEyXfnRMlK6ONpXPN7J9RYaWpslL7ojbfXxlzro7vRgAnKO9AmbtrqetHUht40SdrojPpPV+WjRV6dVaVoCjt4EAO4AY7Ul2YdFyTGJ+XcMs5EKZh+vvGl1YQlux2wvzkZm8BRI9Gm72FQADgUU81ktKKcH1ugejt4EAeIAY7X3NuJ6RrG8W7ORQLVS5kuD+mPK1dNiTquCodbdJyom0k1Cco3lwbzZoY2uwYHHgCtyjt4EAtIAY7YFQRTTy+i2P4BKUfe2Mz5FDny8X1d08hr1hlIVn/WY1Yx7btO2tScr9vQfGIEbpUICjuYEA74AY7YFQRTTy+m01nQE6WG63usx8rJSVfcbYK69YmeL8mCGg9ju0kslO2DXaZQZAaJmuE+H2gBxTu2uNu4uzgQC3hveBAfGB1w==',
)
/** Opus in pieces of MP4, the container of Safari, as Chromium records it. */
export const m4a = decoded(
  'AAAAJGZ0eXBpc29tAAACAGlzb21pc282aXNvMnZwMDltcDQxAAACXW1vb3YAAAB4bXZoZAEAAAAAAAAA5yYtTQAAAADnJi1NAAAD6AAAAAAAAAEEAAEAAAEAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIAAAG1dHJhawAAAGh0a2hkAQAAAwAAAADnJi1NAAAAAOcmLU0AAAABAAAAAAAAAAAAAAEEAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABRW1kaWEAAAAsbWRoZAEAAAAAAAAA5yYtTQAAAADnJi1NAAC7gAAAAAAAAAEEVcQAAAAAAC1oZGxyAAAAAAAAAABzb3VuAAAAAAAAAAAAAAAAU291bmRIYW5kbGVyAAAAAORtaW5mAAAAEHNtaGQAAAAAAAAAAAAAACVkaW5mAAAAHWRyZWYAAAAAAAAAAQAAAA11cmwgAAAAAQAAAACnc3RibAAAABBzdHNjAAAAAAAAAAAAAAAQc3R0cwAAAAAAAAAAAAAAFHN0c3oAAAAAAAAAAAAAAAAAAAAQc3RjbwAAAAAAAAAAAAAAW3N0c2QAAAAAAAAAAQAAAEtPcHVzAAAAAAAAAAEAAAAAAAAAAAACABAAAAAAu4AAAAAAABRidHJ0AAAAAAAAAAAAAAAAAAAAE2RPcHMAAg8AAAC7gAAAAAAAAChtdmV4AAAAIHRyZXgAAAAAAAAAAQAAAAEAAAAAAAAAAAAAAAAAAACEbW9vZgAAABBtZmhkAAAAAAAAAAEAAABsdHJhZgAAABR0ZmhkAAIAIAAAAAECAAAAAAAAFHRmZHQBAAAAAAAAAAAAAAAAAAA8dHJ1bgEAAwEAAAAFAAAAjAAACxAAAAAyAAAM8AAAADYAAAm+AAAALQAACxMAAAAzAAAD8AAAAC4AAAD+bWRhdBjhU59JgT00Jk/RhnZKwoYMN04N9MttWYqN9hSH8ennCzbWY7roKqIML5ermYrGyDSEGO2BUEU08vovLtQ3+UrI9X+hFvYEPNnSNC+0ghiLb/ePdZvX98OKNw1IVUdyESCxawsfR2hSGO2BUEU08voxzIQoNJHvZ5w8s/YYT4X8qiMNzIRI3Q1UMHne7NuTx7KS9olgGO2BUEU02n0/8ajSD3i2rE36PueN0tHmIjPXdIEL7hyDKeBd73C/XGbJMBDuyLtVBCnAGO19zbieka1ZI1LGIm81YILePuILBYC09EnOy9kSfYu7d7+vdXN2hqRjvCgpvg==',
)
/** Half a second of Opus as Firefox records it: Ogg by itself, and WebM when it is asked. */
export const firefoxOgg = decoded(
  'T2dnUwACAAAAAAAAAABURSwOAAAAAHmpifIBE09wdXNIZWFkAQE4AUSsAAAAAABPZ2dTAAAAAAAAAAAAAFRFLA4BAAAAXzliRQE3T3B1c1RhZ3MPAAAAbGlib3B1cyB1bmtub3duAQAAABQAAABFTkNPREVSPU1vemlsbGExNTMuME9nZ1MABNWDAAAAAAAAVEUsDgIAAAD67jvwJD0xJywtJigqKSknLCkmKC8mKC4sJyo1USkpKSkpKSkpKSkpSniCh1WV9rC7IPrazRpu2U+jxeqow4zqR5TGCYiMl+74Fdh9DpLgQuc2CdtZGmHSmMUM1mzBy+4bFjzEpd14niIAoqNzOBjwiNhopcfSL/GXd97LSVGjbyfCbFSnEHd9/OHo+W0PtERxTff5O/2xeJugL6RBF/Y+iyvEh3HUtKSOPY2COSytds/Cg/iDv65kXuUI8xRyeJugL6RBF/Y+izENci1s4gWzM3H/ZojHUEviFoKFH1SS7Y7ljohZLR2SFDp4m32zGQE94RQiaqLMi2rAqa3+stz1R1oddNbEyDsGGMwRHnWvtYYTg9xWvuJ4myfvpEEX9j6LK/fTta79JbHnpLFnwpiPI7nGcAF6MSWKpKQNEnibJ++kQRf2O93+MGzZSpsGx065MWSH/PMSPTAa+lwQDY4UeSmIGuR4myfvpEEX9jv8rJMu5E3JDydCY2jylrAo1zpN2sWP8o3rbcftzDmbmCx4myfvpEEX9jv8rJKYjaJdBd/omxWsydjWI3gzdG5WNByYR17u6YgaxHibJ++kQRf2O/ystPTsZOx6slRFyEPO3q/HNFbSQx9pE2zjNP21tIJCeJsn76RBF/Y+dry/azu9TT0aSS/TpSdqtQUhwCsSmLNbauZkepnSeJsn76RBF/Y7/KS5rCD2jX7NicgghGNBWbawgYHj/h0QSY9XeJ24I8mbmCN4myfvpEEX9j6LMQCPtD19LCReiyCW1Qhdl49yLNO3rhm5me0nWZkSwXibJ++kQRf2Pna8v2b1MzqTucJwxiRGWS457jZ7SPI81JkkzcwCeJsn76RBF/Y+iyvE8r9BVOCru64YLmgIpc7RVEwFe04iZCYO2Pttq3ibKx6dNy83OCEQC5m7TdzuYasYsbqnmtE17I7oCgNGztezO+3s7lw/FbhkepnSeJsn76RBF/Y+dry+1UCKWWymgx/XMPCorRt4Dzmk6xpF9tR9tZZ4myfvpEEX9j52tOWmRtbr9SEPZoYAauJfrO+evRitR00RlcO425qseJsn76RBF/Y+drzycZdNYeqmFKBIGdHmuggdgzOXDjMZKcMSKZ+Pf5OT2ZuarHibJ++kQRf2PosxAaaZ/6Foo7WOsnX4IS7LMi4TSKcEipKPD3uiYzNUybpWeJsn76RBF/Y+izEV72HXNfWdjKkR0z1rgwccitTXQRLAgigZk3SMeJsrHp03Lzc8o7u434JVW82e0eYORySnGRa6nzoGexTTMpOeZu/Zk3SseJtWUeHu6UWxpG6IXoXHAqUKBQyS+dpnbc62MikA7WD8wfc9kqfOftBa62i1x3Sa21zJulZ4m6NenRV6Nkaq+XUGVJpJ9SvotBG7DNqiK+MmBTT4LJ4ovtwcuvqZiNhb4/lJom16vvS6rgRZkh8sbRKdqgBwaqbkUgPrXHElDFj/D51cBYD4nOHvGD01IUCgnqjJ/TdJ9IazVCvKlAk6N5S7rFuxv15t5zjDoMnx8fidXANZR5CZKDgUynKv+TvkgBP2HqWwAQ1OhW5tjBwuXhU8iRywS2bx+J0tl/0yfRfsUB/X0COBQwnsaydgnRCc+nQrc2x3OGl3ynlKGteKHfH4nS2X/TJ9Cbhk3JWP2rfepkZtUoY/v2c+nRLm2O5w0RwqeUoY14od8fidLZf9Mn0JuGTclY/at96mRm0ITUs/RqU9EubY7nDRHCp5ShrHij3x+J0tl/0yfQLMSY5Ch9gVnoH0gJIDCz9GpT0S7cQwcLl3ynlKGseKHfH4nS2X/TJ9Cbhk3JWP2rfepkZtDBuzf0q5PZLm2O5w0RwqeUoax4od8fidLZf9Mn0X7FAf19AjgUMJ7GrjHBJFWJT2K3Nsdzhpd8p5ShrXih3x+J0tl/0yfQm4ZNyVj9q33qZGbQuDcz9WJT2S5tjucNEcKnlKGpeKPfH4nS2X/TJ9AsxJjkKH2BWegfM+j7azN8PNMRLtxDBwuXfKeUoa54od8fidLZf9Mn00tusiUomxn4Ej07h7YsnfpTCYiXNsdzhcvCp5Shr3ih3x+H0a7CIlki3l3AY3oeIIEb9BkxKFvXdsP2s094EnUHnjpygExBAqQf8tUwOPPxd6lOTf1EQTK/EnSzBMaZgTp9XEGOIHREWZrEA=',
)
export const firefoxWebm = decoded(
  'GkXfowEAAAAAAAAfQoaBAUL3gQFC8oEEQvOBCEKChHdlYm1Ch4ECQoWBAhhTgGcB/////////xFNm3QBAAAAAAAAABVJqWYBAAAAAAAASSrXsYMPQkBEiYgAAAAAAAAAAE2AmFFUbXV4aW5nQXBwTGliV2ViTS0wLjAuMVdBmVFUd3JpdGluZ0FwcExpYldlYk0tMC4wLjEWVK5rAQAAAAAAAGCuAQAAAAAAAFfXgQJzxYT9iDIVg4ECVqqEAGMuoFa7hATEtACGhkFfT1BVU2Oik09wdXNIZWFkAQE4AUSsAAAAAAAlhoiET1BVU+EBAAAAAAAADbWIQOWIgAAAAACfgQEfQ7Z1Af/////////ngQajEAAAP4IAAAB4gofZVl7zyBW9dqiFPmzw8nZwFmVNimNP2GjejNVAKvKxeIPqdRpGrQzJgQLTew8RXjEeZcz2owIOKaMQAAA0ggAUAHieIgCipZvmd7xK6TVuuJT7+toBuBAdXdwKLE2iKXlIhtzkPkMGXziuKdHgyc7VEaMQAAApggAoAHiboC+kQRf2O93+Lwo517km6y8SIXdpnULuSDQs+gYYsetQRySjEAAAL4IAPAB4m6AvpEEX9jv8rJOoxFP4m1M0wCedNFSVPEiDyGCDMK63t68A2NBrUBckoxAAACyCAFAAeJsn76RBF/Y+izEWARMp286k6b4vE3u761u+uGF9Ba0VDnbG+0zWrKMQAAAsggBkAHibJ++kQRf2PosxAJ28nIWEDicGBGxq1BXJi9P+4Ezf3wtPh5tpN+2jEAAAL4IAeAB4myfvpEEX9j6LMQGmP5fUCMbAmAspooXV7OSdY1FKSuPjEcB3YzflwR2SoxAAAC6CAIwAeJsn76RBF/Y+io1BRKTefofIxN47CFvuJsA6ek2y14G9MWKpyz59cV0soxAAACyCAKAAeJsn76RBF/Y+izEAyQeGlwOt0dejXoYBEy+IM9u7JdIbHeuWLXFdLKMQAAAoggC0AHibJ++kQRf2PoqNPy+NvwRPR/VdXLlAsSDnrp+Viw1jLXN1JKMQAAAvggDIAHibJ++kQRf2Posr5XvJbAO+HNanvBRSfkvHL0cuGXnwJL2IFFX/eS1zceSjEAAAKoIA3AB4myfvpEEX9j52vL8+a+ccS/GBECpjMjNuLyexBVAk+dMLKrrAlqMQAAAwggDwAHibJ++kQRf2PosxI1/w6LeD/jW9pAbCANejkOgdCD7tMh+VE77e/hvSQkcWoxAAAC6CAQQAeJsn76RBF/Y+iyv301tZe3pU+XxvKisuP72C8rxTBiSUl6+z4w5kScpkoxAAADOCARgAeJsn76RBF/Y+drzS1PqnAamxkm2bU0oG0+n4k+qz/EV8LnFywutc3qQ1XCvMvN6jEAAALIIBLAB4myfvpEEX9jv8rJLaXkh+yULV7v7DeCsZfGJwVJwGYvj8i7r1QILWoxAAAC2CAUAAeJsn76RBF/Y+iyvmz4JIN9yRCK7kCrnxkOgDtz3/tIHuiqnYUOka5FGjEAAALoIBVAB4myfvpEEX9j52vPIl/2DG8lcBIK80gTc6pZ0yAyE34lfVPxTFthK3m/WjEAAAKoIBaAB4myfvpEEX9j6LMP9jwNOtYQwQKMC1dcPHgA43IPJm+pLmypEmEaMQAAApggF8AHibJ++kQRf2PoqNYrVIkZJr4B9xOhLmMOanuM3N5D3vWeUiTCKjEAAALIIBkAB4myfvpEEX9jv8pOxToGxCgqyna87Rk0Emh4GXh+JG+B8Zck05Z/kqoxAAADCCAaQAeJsn76RBFNzze89YQQ6km6eJBnuaH3bV5TXPS4+Rr2lD9sc9IOcUJQtorBWjEAAANYIBuAB4m1CMeCWTd74LY9VCSFy+K9FyDT7T/0yvTLWwxZRkUjJq3U93FogCG6qN8x4mTBbVoxAAAFOCAcwAeJujXp0VejZGqvl0r5UZhxVSMUmPUa+Ru7TIcvwBE74FifmXDMdvJoibb6CVzNJM7IRHCtPhjd1r8DG/nuvMbtIcf6k5d56/15z5dO4FkKMQAAAtggHgAPidLlF8Xod6pp8AMEtd2zWQ4a2trFLSgoxzkl3WLifLX+EhusauWQvxoxAAAC2CAfQA+J1bUwukvMzkLBS7Oy/pgQE0jCJBSuYtaZAL+NsYOGDFupQSOFpbg/GjEAAALYICCAD4nS2X/TJm36S2J9VhRKpQAwzOssWnRavJkAv42xg4YMQOlEnwu4o/8aMQAAAtggIcAPidLZf9MmNKnSsruYxg/jt4Z1zZNxiy/BEAlbm2MHDBhcKUSfALij/xoxAAAC2CAjAA+J0tl/0yX61ULwVBYJzfpFhcZVH1+blVJiJP8bYwcMGFwpRJ8cuKP/GjEAAALYICRAD4nS2X/TJhBYFf5drLyXiK/oFx84fmXqkxEnhJtjBwwYXClEnwy4o/8aMQAAAtggJYAPidLZf9MmbhBxl5eUn6NwIF/GAtgoIagzIiT/G2MHDhJbqUEjg9xR/xoxAAAC2CAmwA+J0tl/0yZt+ktifVYUSqUAMMzSOPrQYGtpEn+NsYOGDEDpRJ8LuKP/GjEAAALYICgAD4nS2X/TJm3x0EX3UOWa/VmdBGqk3OcIuSk0v42xg4YMW6lEnwu4o/8aMQAAAuggKUAPidLZf9MmbfpLYp8XmQUSHSMCegfZlZWa4k0uEm2O5w4wuAZ0nwe4o/8aMQAAAsggKoAPidLZf9MmELjJePuTIskjHs8uVJGKCodSaSlzbGDhxi3UoJHCLFH/GjEAAAT4ICvAD4fjCAw1HcEey9Kds3mcUHZzcPWidMFYWbfnEm33GUmKf6NhRmMJttB/y1Rr4o/EtL85N/URHNUESdLMAXuywun5gHEcQO0T9ThDo=',
)
/** A WebM with a film in it. */
export const film = decoded(
  'GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibUKHgQRChYECGFOAZwEAAAAAAAMFEU2bdLlNu4tTq4QVSalmU6yBbk27i1OrhBZUrmtTrIGTTbuLU6uEH0O2dVOsgdRNu4xTq4QcU7trU6yCAvPsrgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAVSalmoCrXsYMPQkBEiYRDfCRaTYCGQ2hyb21lV0GGQ2hyb21lFlSua7yuuteBAXPFhyGyTlC58j2DgQFV7oEBhoVWX1ZQOOCdsIEYuoEQU8CBAVWwkFWxgQFVuYECVbqBDVW7gQEfQ7Z1AQAAAAAAAhPngQCgQPKhQMWBAAAA8AUAnQEqGAAQAAAHCIWFiJmEiAEkEA7ANEB/gP4QbgD+EF7gegD/Ad4B/gPUAlIA3WqPPZ7ApzcA/v+B/3/6Kvx/f/KvzWJMWYMc/+7R4LTwvQXed3uuF/PQv/X/+qJEF5WkZf38YCQjHxLs01TFFBm9TA1McJzCwTZqxsOH/ulKi//mie8/zRf++pdt+ka56N3OPBtT/xyLnUdEcwJrQvLxQR/8cirZt5kOfEow9HhQ/xB66WttfKCFGjKRHnngAHWhp6al7oEBpaAwAgCdASoYABAAAAcIhYWImYSIASQQAEiPXAD+/7qDAKBAmaH4gQB7APECAAAQCSAAwIMB/gP2A2XxX+JeAyc2AICA/oP4J2//6dn0D5YwbhZh9o///k2/+Tb9gH4a/9APzoX+d5/s3w7wn7L62Mf+KE+n/8KniTI//dL//rka3u/+bZaf5uP/X0QLYxsqvekwkiGVAAAafgkAACoAdaGZppfugQGlktEBAAAQCSAAwADCwX+gAEIAAPuBAKD9odyBAPwAkQIAABAJIADGYA/xD/VgBbQHjhwBIQD9rqT3nzc4Jbf+gBT/4bcnEvj/7SRB/nuM68uP6H0n3B+f5r/I4UIs/fER1faqPgKHb/8lX/7Lb/aHo4lV2RgAAHWhmaaX7oEBpZLRAQAAEAkgAMAAwsF/oABCAAD7gXscU7trjbuLs4EAt4b3gQHxgdQ=',
)

const joined = (...parts: (Uint8Array | string)[]): Uint8Array =>
  new Uint8Array(
    Buffer.concat(
      parts.map(part => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
    ),
  )
const uint32 = (n: number, littleEndian = false): Uint8Array => {
  const bytes = Buffer.alloc(4)
  if (littleEndian) bytes.writeUInt32LE(n)
  else bytes.writeUInt32BE(n)
  return bytes
}

/** A tenth of a second of silence: 8 kHz, 8 bits, one channel. */
export const wav = ((): Uint8Array => {
  const samples = new Uint8Array(800).fill(0x80)
  const format = joined(
    'fmt ',
    uint32(16, true),
    Uint8Array.of(1, 0, 1, 0),
    uint32(8_000, true),
    uint32(8_000, true),
    Uint8Array.of(1, 0, 8, 0),
  )
  return joined(
    'RIFF',
    uint32(4 + format.length + 8 + samples.length, true),
    'WAVE',
    format,
    'data',
    uint32(samples.length, true),
    samples,
  )
})()

/** A page whose body is one packet. */
const oggPage = (flags: number, sequence: number, body: Uint8Array): Uint8Array =>
  joined(
    'OggS',
    Uint8Array.of(0, flags),
    new Uint8Array(8),
    uint32(1, true),
    uint32(sequence, true),
    uint32(0),
    Uint8Array.of(1, body.length),
    body,
  )
export const ogg = joined(
  oggPage(2, 0, joined('OpusHead', Uint8Array.of(1, 1), new Uint8Array(9))),
  oggPage(0, 1, joined('OpusTags', new Uint8Array(8))),
  oggPage(4, 2, new Uint8Array(40)),
)
export const theora = oggPage(2, 0, joined('\x80theora', new Uint8Array(35)))

/** Silence: MPEG 1 Layer III, 128 kbit/s at 44.1 kHz, 417 bytes a frame. */
const mp3Frame = joined(Uint8Array.of(0xff, 0xfb, 0x90, 0x00), new Uint8Array(413))
export const mp3 = joined(
  'ID3\x04\x00\x00',
  Uint8Array.of(0, 0, 0, 12),
  new Uint8Array(12),
  mp3Frame,
  mp3Frame,
  mp3Frame,
  mp3Frame,
)

export const pdf = joined(
  '%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n',
)

/** A document of Word: an archive whose directory names these parts. They are empty. */
export function docxOf(names: readonly string[]): Uint8Array {
  const uint16 = (n: number): Uint8Array => Uint8Array.of(n & 0xff, n >> 8)
  const entries = names.map(name => joined(uint16(name.length), uint16(0), name))
  let at = 0
  const places = entries.map(entry => {
    at += 26 + entry.length
    return at - 26 - entry.length
  })
  const files = entries.map(entry => joined('PK\x03\x04', new Uint8Array(22), entry))
  const directory = joined(
    ...names.map((name, i) =>
      joined(
        'PK\x01\x02',
        new Uint8Array(24),
        uint16(name.length),
        new Uint8Array(12),
        uint32(places[i]!, true),
        name,
      ),
    ),
  )
  return joined(
    ...files,
    directory,
    'PK\x05\x06',
    new Uint8Array(4),
    uint16(names.length),
    uint16(names.length),
    uint32(directory.length, true),
    uint32(at, true),
    uint16(0),
  )
}
export const docx = docxOf(['[Content_Types].xml', 'word/document.xml'])
/**
 * The head of a compound file, and the name of the stream of Word. The mark of the byte order is
 * written in the order of the numbers, little-endian.
 */
export const docOf = (version: number, order: number, sectorShift: number): Uint8Array =>
  joined(
    Buffer.from('d0cf11e0a1b11ae1', 'hex'),
    new Uint8Array(16),
    Uint8Array.of(0x3e, 0, version, 0, order & 0xff, order >> 8, sectorShift, 0, 6, 0),
    new Uint8Array(990),
    Buffer.from('WordDocument', 'utf16le'),
    new Uint8Array(600),
  )
export const doc = docOf(3, 0xfffe, 9)
export const txt = joined('The licence of the pharmacy\r\n')

/**
 * A valid PNG whose header names any size. Its pixels are zeros, which deflate shrinks a
 * thousandfold.
 */
export function pngOf(width: number, height: number, pixelBytes = 100): Uint8Array {
  const chunk = (name: string, body: Uint8Array) =>
    joined(uint32(body.length), name, body, uint32(0))
  return joined(
    Uint8Array.of(0x89),
    'PNG\r\n\x1a\n',
    chunk('IHDR', joined(uint32(width), uint32(height), Uint8Array.of(8, 6, 0, 0, 0))),
    chunk('IDAT', deflateSync(new Uint8Array(pixelBytes))),
    chunk('IEND', new Uint8Array()),
  )
}

/** The JPEG with other dimensions in its frame header. */
export function jpegOf(width: number, height: number): Uint8Array {
  const copy = Buffer.from(jpeg)
  const frame = copy.findIndex(
    (byte, i) => byte === 0xff && (copy[i + 1] === 0xc0 || copy[i + 1] === 0xc2),
  )
  copy.writeUInt16BE(height, frame + 5)
  copy.writeUInt16BE(width, frame + 7)
  return new Uint8Array(copy)
}

/** A WebP whose canvas names any size, around the picture of `webp`. */
export function webpOf(width: number, height: number): Uint8Array {
  const canvas = Buffer.alloc(10)
  canvas.writeUIntLE(width - 1, 4, 3)
  canvas.writeUIntLE(height - 1, 7, 3)
  const body = joined('WEBP', 'VP8X', uint32(10, true), canvas, webp.subarray(12))
  return joined('RIFF', uint32(body.length, true), body)
}
