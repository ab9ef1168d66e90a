/** The keys of a home over time: who signs when, what is published, and that a kill in between leaves keys that work. */
import { openDevKey } from "@stint/cli/DevKey"
import {
  nextAt,
  pruned,
  publishedAt,
  REPLACED_MS,
  revoked,
  type Ring,
  ringOf,
  rotated,
  signerAt,
} from "@stint/cli/DevKey/Ring"
import { changeRing, jwksFileOf, newKey, readRing, tendRing } from "@stint/cli/DevKey/Store"
import { keepServiceTokens } from "@stint/cli/Stack/ServiceTokens"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

const HOUR = 3_600_000
const key = (kid: string) => ({ kty: "OKP", crv: "Ed25519", kid, d: "secret", x: "public" })
const kids = (ring: Ring, now: number) => publishedAt(ring, now).map(({ kid }) => kid)
const secrets = ({ keys }: Ring) => keys.filter(({ jwk }) => jwk.d !== undefined).map(({ kid }) => kid)

describe("keys over time", () => {
  const now = 1_000_000 * HOUR
  const first = ringOf(key("a"))
  const at = { now, lead: 60_000, lifetime: 24 * HOUR }

  it("a new key is published before it signs, and the one before until its last token has expired", () => {
    const ring = rotated(first, key("b"), at)
    assert.deepStrictEqual([kids(ring, now), signerAt(ring, now)?.kid, nextAt(ring, now)?.kid], [["a", "b"], "a", "b"])
    const signs = now + at.lead
    assert.deepStrictEqual([kids(ring, signs), signerAt(ring, signs)?.kid], [["a", "b"], "b"])
    const end = signs + at.lifetime
    assert.deepStrictEqual(kids(ring, end - 1), ["a", "b"])
    assert.deepStrictEqual(kids(ring, end), ["b"])
    assert.deepStrictEqual([secrets(pruned(ring, now)), secrets(pruned(ring, signs))], [["a", "b"], ["b"]])
    assert.deepStrictEqual(pruned(ring, end).keys.map(({ kid }) => kid), ["b"])
  })

  it("a key that is superseded twice ends when its own tokens have, not later", () => {
    const ring = rotated(rotated(first, key("b"), at), key("c"), { ...at, now: now + HOUR })
    assert.strictEqual(ring.keys[0]!.ends_at, now + at.lead + at.lifetime)
    assert.strictEqual(ring.keys[1]!.ends_at, now + HOUR + at.lead + at.lifetime)
  })

  it("a revoked key that signs gives way to the next one, or to a new one, and goes within a minute", () => {
    for (const ring of [first, rotated(first, key("b"), at)]) {
      const left = revoked(ring, "a", key("b"), at)
      assert.strictEqual(left.keys.length, 2)
      assert.strictEqual(signerAt(left, now + 5_000)?.kid, "b")
      assert.deepStrictEqual(kids(left, now + REPLACED_MS), ["b"])
      assert.isBelow(REPLACED_MS, 45_000)
    }
  })

  it("a revoked key that does not sign goes at once", () => {
    const ring = rotated(first, key("b"), at)
    const later = now + HOUR
    assert.deepStrictEqual(kids(revoked(ring, "a", key("c"), { ...at, now: later }), later), ["b"])
    assert.deepStrictEqual(kids(revoked(ring, "b", key("c"), at), now), ["a"])
    assert.strictEqual(signerAt(revoked(ring, "b", key("c"), at), later)?.kid, "a")
  })
})

describe("the keys of a home", () => {
  const folders: Array<string> = []
  const newHome = async () => {
    const home = await mkdtemp(join(tmpdir(), "stint-keys-"))
    folders.push(home)
    return home
  }
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))
  const published = async (home: string): Promise<ReadonlyArray<string | undefined>> =>
    JSON.parse(await readFile(jwksFileOf(home), "utf8")).keys.map(({ kid }: { kid: string }) => kid)

  it("begin with the key that 0.2.0 made there", async () => {
    const home = await newHome()
    const old = await newKey()
    await mkdir(join(home, "keys"))
    await writeFile(join(home, "keys", "signing.jwk.json"), JSON.stringify(old))
    assert.strictEqual(await (await openDevKey(home, {})).kid(), old.kid)
    await tendRing(home)
    assert.deepStrictEqual(await published(home), [old.kid])
  })

  it("are the same for all who make them at once", async () => {
    const home = await newHome()
    const made = await Promise.all(Array.from({ length: 5 }, async () => (await openDevKey(home, {})).kid()))
    assert.strictEqual(new Set(made).size, 1)
    assert.deepStrictEqual(await published(home), [made[0]])
  })

  it("work after a kill between any two writes of a rotation, and no public file shows a private key", async () => {
    const home = await newHome()
    await openDevKey(home, {})
    const [ring, fresh] = [(await readRing(home))!, await newKey()]
    const now = Date.now()
    const next = rotated(ring, fresh, { now, lead: 0, lifetime: HOUR })
    // killed after the keys were written, before they were published; and the other way round
    await writeFile(join(home, "keys", "keys.json"), JSON.stringify(next))
    await tendRing(home)
    assert.sameMembers([...await published(home)], next.keys.map(({ kid }) => kid))
    assert.strictEqual(await (await openDevKey(home, {})).kid(), fresh.kid)
    await writeFile(jwksFileOf(home), JSON.stringify({ keys: [] }))
    await writeFile(join(home, "keys", `jwks.json.unfinished`), "{")
    await tendRing(home)
    assert.sameMembers([...await published(home)], next.keys.map(({ kid }) => kid))
    assert.notInclude(await readFile(jwksFileOf(home), "utf8"), `"d"`)
    // one who was killed while it held the lock holds it no more
    const token = await (await openDevKey(home, {})).sign({ role: "viewer", subject: "vera", ttl: 60 })
    assert.strictEqual(token.split(".").length, 3)
    await changeRing(home, pruned)
    assert.deepStrictEqual(secrets((await readRing(home))!), [fresh.kid])
  })

  it("of a home that is removed under a stack are not made anew, nor is the home", async () => {
    const home = await newHome()
    const logged = Promise.withResolvers<string>()
    const end = await keepServiceTokens({ home, folder: home, env: {}, log: logged.resolve })
    await rename(home, `${home}-away`)
    try {
      assert.include(await logged.promise, "has no keys any more")
      assert.isUndefined(await stat(home).catch(() => undefined))
    } finally {
      end()
      await rm(`${home}-away`, { recursive: true })
    }
  })
})
