/** How a database is reached: over TCP, over a socket as Cloud SQL has it, encrypted; and what is said when it isn't. */
import { assert, describe, it } from "@effect/vitest"
import { type RunningPostgres, startPostgres } from "@stint/cli/Postgres"
import { serviceNames } from "@stint/cli/Stack/Settings"
import { parsePgUrl } from "@stint/edge/Pg/Url"
import { PORTS } from "@stint/edge/Ports"
import { execFileSync } from "node:child_process"
import { chmod } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, inject } from "vitest"
import { freePortBase } from "../../../tests/support/Stack.ts"
import { until } from "../../../tests/support/Until.ts"
import { type Databases, makeDatabases } from "./support/databases.ts"
import { invoke } from "./support/invoke.ts"
import { cleanUp, launch, newFolder } from "./support/launcher.ts"
import { openSocket } from "./support/socket.ts"

const instance = "acme-prod:europe-west1:main"

/** In this process; whatever depends on the environment of a process has one of its own. */
const invoked = async (args: ReadonlyArray<string>, env: Readonly<Record<string, string>>) => {
  const { err, out, status } = await invoke(args, { env })
  return { status, text: out + err }
}

/** The same databases through a socket, in the older system's spelling. */
const throughSocket = (env: Databases["env"], host: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).map(([name, text]) => {
      const { database, password, user } = parsePgUrl(text)
      return [
        name,
        `postgresql+asyncpg://${user}:${encodeURIComponent(password!)}@/${database}?host=${host}&connect_timeout=60`,
      ]
    }),
  )

describe("a socket", () => {
  let databases: Databases
  let socket: Awaited<ReturnType<typeof openSocket>>
  let env: Record<string, string>
  beforeAll(async () => {
    databases = await makeDatabases("empty")
    socket = await openSocket(join(await newFolder(), "cloudsql"), instance, inject("testServer").server)
    env = throughSocket(databases.env, socket.host)
  })
  afterAll(async () => {
    await cleanUp()
    await socket.close()
    await databases.release()
  })

  it("ping, migrate and verify go through it", async () => {
    const ping = await launch(["db", "ping"], env).end
    assert.strictEqual(ping.status, 0, ping.text)
    assert.include(ping.text, `catalog      ok as service: ${socket.host}/.s.PGSQL.5432, database `)
    assert.strictEqual((await invoked(["db", "migrate"], env)).status, 0)
    assert.strictEqual((await invoked(["db", "verify", "--service", "hiring"], env)).status, 0)
  })

  it("the services reach it with no permission but theirs", async () => {
    const base = await freePortBase()
    const stack = launch(["start", "--no-sample"], {
      ...env,
      STINT_HOME: await newFolder(),
      STINT_PORT_BASE: String(base),
    })
    await stack.line(/^ready/)
    for (const service of serviceNames) {
      // a check that takes two seconds, as it may on a busy machine, has not held
      await until(`${service} is ready, and its database answers`, async () => {
        const ready = await fetch(`http://127.0.0.1:${base + PORTS[service]}/readyz`)
        const { checks } = await ready.json() as { readonly checks: Record<string, string> }
        return ready.status === 200 && checks.database === "ok"
      })
    }
    stack.signal("SIGTERM")
    const { text } = await stack.end
    for (const url of Object.values(env)) assert.notInclude(text, parsePgUrl(url).password!)
  })

  it("a socket that is not there is said", async () => {
    const { host } = socket
    const gone = Object.fromEntries(Object.entries(env).map(([name, url]) => [name, url.replace(host, `${host}-gone`)]))
    const { status, text } = await invoked(["db", "ping", "--service", "catalog"], gone)
    assert.strictEqual(status, 1)
    assert.match(text, /FAILED as service: \S+-gone\/\.s\.PGSQL\.5432, database \S+, user \S+: .*ENOENT/)
  })
})

describe("a failure", () => {
  let databases: Databases
  beforeAll(async () => {
    databases = await makeDatabases("empty")
  })
  afterAll(() => databases.release())

  const secret = "hunter2"
  const ask = async (change: (url: URL) => void, ...args: ReadonlyArray<string>) => {
    const url = new URL(databases.env.CATALOG_DATABASE_URL!)
    url.password = secret
    change(url)
    url.searchParams.set("connect_timeout", "60")
    const { status, text } = await invoked(args, { CATALOG_DATABASE_URL: String(url) })
    assert.notInclude(text, secret)
    return { status, text: text.trim() }
  }
  const cases: ReadonlyArray<readonly [string, (url: URL) => void, RegExp]> = [
    ["a wrong password", () => {}, /user stint_\S+, sslmode disable: password authentication failed for user/],
    ["a refused connection", (url) => url.port = "1", /:1, database .*ECONNREFUSED/],
    ["a name that nobody has", (url) => url.hostname = "db.invalid", /db\.invalid:\d+, database .*\S/],
    ["a server without TLS", (url) => url.search = "?sslmode=require", /sslmode require: .*TLS/],
  ]
  for (const [what, change, says] of cases) {
    it(`${what} is said by ping and migrate, without the password`, async () => {
      const pinged = await ask(change, "db", "ping", "--service", "catalog")
      assert.strictEqual(pinged.status, 1)
      assert.match(pinged.text, /^catalog +FAILED as service and owner: /)
      assert.match(pinged.text, says)
      const migrated = await ask(change, "db", "migrate", "--service", "catalog")
      assert.strictEqual(migrated.status, 1)
      assert.match(migrated.text, /^stint: The Postgres of catalog at \S+ does not answer as it should: .*\.$/)
    })
  }

  it("a url that can't be read is said, without a part of it", async () => {
    const { status, text } = await invoked(["db", "ping"], { CATALOG_DATABASE_URL: `postgres//ann:${secret}@h/db` })
    assert.deepStrictEqual([status, text], [
      1,
      "stint: CATALOG_DATABASE_URL is no Postgres url: it must be like postgres://user:password@host:5432/database.\n",
    ])
  })
})

const openssl = (...args: ReadonlyArray<string>) => execFileSync("openssl", args, { stdio: "pipe" })
const hasOpenssl = (() => {
  try {
    return openssl("version").length > 0
  } catch {
    return false
  }
})()

describe.skipIf(!hasOpenssl)("TLS", () => {
  let postgres: RunningPostgres
  let folder: string
  beforeAll(async () => {
    folder = await newFolder()
    const file = (name: string) => join(folder, name)
    openssl(
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=stint test authority",
      "-keyout",
      file("ca.key"),
      "-out",
      file("ca.pem"),
    )
    openssl(
      "req",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=DNS:localhost",
      "-keyout",
      file("server.key"),
      "-out",
      file("server.csr"),
    )
    openssl(
      "x509",
      "-req",
      "-in",
      file("server.csr"),
      "-CA",
      file("ca.pem"),
      "-CAkey",
      file("ca.key"),
      "-CAcreateserial",
      "-days",
      "2",
      "-copy_extensions",
      "copy",
      "-out",
      file("server.pem"),
    )
    await chmod(file("server.key"), 0o600)
    postgres = await startPostgres({
      home: folder,
      log: () => {},
      settings: { fsync: "off", ssl: "on", ssl_cert_file: file("server.pem"), ssl_key_file: file("server.key") },
    })
  })
  afterAll(async () => {
    await postgres.stop()
    await cleanUp()
  })

  const ping = async (host: string, mode: string, trusting: Record<string, string> = {}) => {
    const { password, user } = postgres.superuser
    const env = {
      CATALOG_DATABASE_URL:
        `postgres://${user}:${password}@${host}:${postgres.port}/postgres?sslmode=${mode}&connect_timeout=60`,
    }
    const args = ["db", "ping", "--service", "catalog"]
    // whom a process trusts is decided as it starts
    const { status, text } = "DENO_CERT" in trusting
      ? await launch(args, { ...env, ...trusting }).end
      : await invoked(args, env)
    assert.notInclude(text, password)
    return { ok: status === 0, encrypted: /TLSv1/.test(text), text }
  }

  it("each sslmode does what it says", async () => {
    const trusting = { DENO_CERT: join(folder, "ca.pem") }
    const seen = await Promise.all([
      ping("localhost", "disable"),
      ping("localhost", "require"),
      ping("localhost", "verify-full"),
      ping("localhost", "verify-full", trusting),
      ping("127.0.0.1", "verify-full", trusting),
      ping("127.0.0.1", "verify-ca", trusting),
      ping("127.0.0.1", "verify-ca"),
      ping("localhost", "prefer", trusting),
    ])
    assert.deepStrictEqual(seen.map(({ encrypted, ok }) => [ok, encrypted]), [
      [true, false],
      [true, true],
      [false, false],
      [true, true],
      [false, false],
      [true, true],
      [false, false],
      [true, true],
    ], seen.map(({ text }) => text).join(""))
  })
})
