/**
 * Pure: the signing keys of a local stack over time. A new key is published before it signs, so that every service knows it
 * by then; the one before is accepted until the last token that it signed has expired. All follows from instants in one
 * file: no second step has to happen, and whoever is killed in between leaves a working state.
 */
import type { JWK } from "jose"

/** A key. Instants are epoch milliseconds. */
export interface RingKey {
  readonly kid: string
  /** The private key until another signs in its place; from then on the public half. */
  readonly jwk: JWK
  /** From when on it signs, unless a later one does. */
  readonly signs_from: number
  /** Until when it is published; null: until another one is made. */
  readonly ends_at: number | null
}

/** All keys that are published, or will be. */
export interface Ring {
  readonly keys: ReadonlyArray<RingKey>
}

/** How long a key is published at least before it signs: longer than a service waits between looks for an unknown one. */
export const SHORTEST_LEAD_MS = 3_000
/** How long a revoked key that signs is still published, so that the services have tokens of the next one by then. */
export const REPLACED_MS = 25_000

/** The keys that are published at an instant. */
export const publishedAt = ({ keys }: Ring, now: number): ReadonlyArray<RingKey> =>
  keys.filter(({ ends_at }) => ends_at === null || ends_at > now)

/** The key that signs at an instant: the newest that is to sign by then. */
export const signerAt = (ring: Ring, now: number): RingKey | undefined =>
  publishedAt(ring, now).filter(({ jwk, signs_from }) => signs_from <= now && jwk.d !== undefined)
    .reduce<RingKey | undefined>(
      (best, key) => best === undefined || key.signs_from >= best.signs_from ? key : best,
      undefined,
    )

/** The key that is published and will sign later. */
export const nextAt = (ring: Ring, now: number): RingKey | undefined =>
  publishedAt(ring, now).find(({ signs_from }) => signs_from > now)

/** The public half. */
export const publicOf = ({ jwk: { d: _, ...shown } }: RingKey): JWK => shown

const ending = (key: RingKey, at: number): RingKey => ({
  ...key,
  ends_at: key.ends_at === null ? at : Math.min(key.ends_at, at),
})

const keyOf = (jwk: JWK, signs_from: number): RingKey => ({ kid: jwk.kid!, jwk, signs_from, ends_at: null })

/** The ring of a key that signs at once. */
export const ringOf = (jwk: JWK): Ring => ({ keys: [keyOf(jwk, 0)] })

/** With a new key that signs after `lead`; the others end when the tokens that they signed have, `lifetime` later. */
export const rotated = (ring: Ring, jwk: JWK, at: { now: number; lead: number; lifetime: number }): Ring => {
  const signs_from = at.now + at.lead
  return { keys: [...ring.keys.map((key) => ending(key, signs_from + at.lifetime)), keyOf(jwk, signs_from)] }
}

/**
 * Without a key that is no longer trusted. Where it signs, the next one signs in a moment, or `jwk` where there is none, and it
 * is published for as long as the services need to get other tokens.
 */
export const revoked = (
  ring: Ring,
  kid: string,
  jwk: JWK,
  { lifetime, now }: { now: number; lifetime: number },
): Ring => {
  if (signerAt(ring, now)?.kid !== kid) {
    return { keys: ring.keys.map((key) => key.kid === kid ? ending(key, now) : key) }
  }
  const next = nextAt(ring, now)
  const signs_from = now + SHORTEST_LEAD_MS
  const keys = ring.keys.map((key) =>
    key.kid === kid
      ? ending(key, now + REPLACED_MS)
      : key.kid === next?.kid
      ? { ...key, signs_from: Math.min(key.signs_from, signs_from) }
      : ending(key, now + lifetime)
  )
  return { keys: next === undefined ? [...keys, keyOf(jwk, signs_from)] : keys }
}

/** Without the keys that have ended, and without the private halves of those that sign no more. */
export const pruned = (ring: Ring, now: number): Ring => {
  const signer = signerAt(ring, now)
  return {
    keys: publishedAt(ring, now).map((key) =>
      signer === undefined || key.kid === signer.kid || key.signs_from > signer.signs_from || key.jwk.d === undefined
        ? key
        : { ...key, jwk: publicOf(key) }
    ),
  }
}
