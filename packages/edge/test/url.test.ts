/** Postgres urls as people write them, and that nothing of a url that can't be read is shown. */
import { assert, describe, it } from "@effect/vitest"
import { connectionOf } from "@stint/edge/Pg/Connection"
import { parsePgUrl, PgUrlError, placeOf } from "@stint/edge/Pg/Url"
import { Redacted } from "effect"

describe("parsePgUrl", () => {
  it("reads TCP, in both spellings of the driver", () => {
    for (const scheme of ["postgres", "postgresql", "postgresql+asyncpg"]) {
      const url = parsePgUrl(`${scheme}://ann:p%40ss%3Aword@db.example:6543/shop?sslmode=verify-full`)
      const { database, host, password, port, socket, tls, user } = url
      assert.deepStrictEqual({ database, host, password, port, socket, tls, user }, {
        database: "shop",
        host: "db.example",
        password: "p@ss:word",
        port: 6543,
        socket: undefined,
        tls: "verify-full",
        user: "ann",
      })
      assert.strictEqual(placeOf(url), "db.example:6543")
    }
  })

  it("reads the socket of Cloud SQL, with and without escapes, and leaves TLS out there", () => {
    for (const host of ["/cloudsql/acme:europe-west1:main", "%2Fcloudsql%2Facme%3Aeurope-west1%3Amain"]) {
      const url = parsePgUrl(`postgresql+asyncpg://ann:secret@/shop?host=${host}&sslmode=require`)
      assert.strictEqual(url.socket, "/cloudsql/acme:europe-west1:main/.s.PGSQL.5432")
      assert.strictEqual(url.tls, "disable")
      assert.strictEqual(url.database, "shop")
      assert.strictEqual(placeOf(url), "/cloudsql/acme:europe-west1:main/.s.PGSQL.5432")
    }
    assert.strictEqual(parsePgUrl("postgres://ann@%2Frun%2Fpg:6000/shop").socket, "/run/pg/.s.PGSQL.6000")
  })

  it("reads IPv6, what stands in the query, and what Postgres takes when nothing is said", () => {
    assert.strictEqual(placeOf(parsePgUrl("postgres://ann@[::1]/shop")), "[::1]:5432")
    assert.strictEqual(parsePgUrl("postgres://ann@[::1]:99/shop").host, "::1")
    const asked = parsePgUrl(
      "postgres://h/?user=ann&password=p&port=7&dbname=d&connect_timeout=3&options=-c%20jit%3Doff",
    )
    assert.deepInclude(asked, { user: "ann", password: "p", port: 7, database: "d", connectTimeout: 3 })
    assert.strictEqual(asked.options, "-c jit=off")
    assert.strictEqual(parsePgUrl("postgres://ann@h").database, "ann")
    assert.strictEqual(parsePgUrl("postgres://ann@/shop").host, "localhost")
  })

  it("D20: a character of a user or a password that ends it is refused, with what to write in its place", () => {
    const ways = { "#": "%23", "/": "%2F", "?": "%3F", "%": "%25" }
    for (const [char, escape] of Object.entries(ways)) {
      const parts = [`hun${char}ter2`, `${char}hunter2`, `hunter2${char}`, `h=${char}unt:e@r2`, `h@unter2${char}x=1`]
      const texts = parts.flatMap((part) => [
        `postgres://ann:${part}@h:5432/db`,
        `postgres://ann:${part}@h/db?sslmode=require`,
        `postgres://${part}:pw@h:5432/db`,
        `postgres://${part}@h/db`,
      ])
      for (const text of texts) {
        assert.throws(() => parsePgUrl(text), new RegExp(`\\${char} .*${escape}`), text)
      }
      assert.strictEqual(parsePgUrl(`postgres://ann:hun${escape}ter2@h/db`).password, `hun${char}ter2`)
    }
    for (const password of ["hun@ter2", "hun:ter2", "@:", "a@b:c@d"]) {
      assert.deepInclude(parsePgUrl(`postgres://ann:${password}@h:1/db`), { user: "ann", password, host: "h", port: 1 })
    }
    assert.deepInclude(parsePgUrl("postgres://h/db?user=ann@corp&password=p@/x"), {
      user: "ann@corp",
      password: "p@/x",
    })
    assert.throws(() => parsePgUrl("postgres://ann@h/my@db"), /an @ in a database's name as %40/)
  })

  it("refuses what it can't read, and shows nothing of it", () => {
    const secret = "hunter2"
    const wrong = [
      `mysql://ann:${secret}@h/db`,
      `ann:${secret}@h/db`,
      `postgres://ann:${secret}@h:http/db`,
      `postgres://ann:${secret}@h:0/db`,
      `postgres://ann:${secret}@h:65536/db`,
      `postgres://ann:${secret}%zz@h/db`,
      `postgres://:${secret}@h/db`,
      `postgres://ann:${secret}@h1,h2/db`,
      `postgres://ann:${secret}@h/db?sslmode=yes`,
      `postgres://ann:${secret}@h/db?sslrootcert=/ca.pem`,
      `postgres://ann:${secret}@h/db?connect_timeout=soon`,
      `postgres://ann:${secret}/more@h/db`,
      `postgres://ann:${secret}@ho st/db`,
      `postgres://ann:${secret}@[::1/db`,
    ]
    for (const text of wrong) {
      assert.throws(() => parsePgUrl(text), PgUrlError)
      try {
        parsePgUrl(text)
      } catch (error) {
        assert.notInclude(String((error as Error).stack), secret, text)
      }
    }
  })
})

it("each sslmode is one setting of the client", () => {
  const of = (mode: string) => connectionOf(Redacted.make(`postgres://ann@h/db?sslmode=${mode}`))
  assert.strictEqual(of("disable").ssl, false)
  assert.strictEqual(connectionOf(Redacted.make("postgres://ann@h/db")).ssl, false)
  assert.deepStrictEqual(of("require").ssl, { rejectUnauthorized: false })
  assert.strictEqual(of("verify-full").ssl, true)
  assert.include(Redacted.value(of("prefer").url!), "sslmode=prefer")
})
