import { audience, type duties, type roles } from "@stint/domain/Tokens"
import { importJWK, SignJWT } from "jose"
import { randomUUID } from "node:crypto"
import { type Ring, signerAt } from "./DevKey/Ring.ts"
import { changeRing, jwksOf, readRing } from "./DevKey/Store.ts"
import { LauncherError } from "./Postgres/LauncherError.ts"

/** What a token is to say. */
export interface Claims {
  readonly role: typeof roles[number]
  readonly subject: string
  /** The customer that the subject, a person, acts for. */
  readonly customer_id?: string
  /** What it may do; all unless given. */
  readonly duties?: ReadonlyArray<typeof duties[number]>
  /** How long it holds, in seconds. */
  readonly ttl: number
  /** Whom it is for; `STINT_JWT_AUDIENCE` unless given. */
  readonly audience?: string | ReadonlyArray<string>
}

/** The signing keys of a local stack. */
export interface DevKey {
  /** The public halves now as a JWKS, for `STINT_JWKS`. */
  jwks(): Promise<string>
  /** The id of the key that signs now. */
  kid(): Promise<string>
  /** A token, signed with the key that signs now; it has an id (`jti`), by which it can be revoked. */
  sign(claims: Claims): Promise<string>
}

/** The audience of people's tokens. */
export const audienceOf = (env: Readonly<Record<string, string | undefined>>): string =>
  env.STINT_JWT_AUDIENCE || audience

/**
 * The signing keys in `keys/` of the home, made there (0600) when there are none. Fails with a LauncherError when the home
 * can't be written or what stands there is no key.
 */
export const openDevKey = async (
  home: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<DevKey> => {
  const unusable = () => new LauncherError(`${home} has no key that can sign: remove its folder keys, and one is made.`)
  const importing = (ring: Ring) => {
    const key = signerAt(ring, Date.now())
    if (key === undefined) throw unusable()
    return importJWK(key.jwk, key.jwk.alg ?? "EdDSA").then((signer) => ({ key, signer }), () => {
      throw unusable()
    })
  }
  const current = async () => {
    const ring = await readRing(home)
    if (ring === undefined) throw unusable()
    return ring
  }
  await importing(await readRing(home) ?? await changeRing(home, (ring) => ring))
  return {
    jwks: async () => jwksOf(await current(), Date.now()),
    kid: async () => (await importing(await current())).key.kid,
    sign: async ({ audience = audienceOf(env), customer_id, duties, role, subject, ttl }) => {
      const { key, signer } = await importing(await current())
      const now = Math.floor(Date.now() / 1000)
      const claims = {
        role,
        ...(customer_id === undefined ? {} : { customer_id }),
        ...(duties === undefined ? {} : { duties }),
      }
      return await new SignJWT(claims).setProtectedHeader({ alg: key.jwk.alg ?? "EdDSA", kid: key.kid, typ: "JWT" })
        .setSubject(subject).setAudience(typeof audience === "string" ? audience : [...audience])
        .setIssuer(env.STINT_JWT_ISSUER || "stint-local").setJti(randomUUID())
        .setIssuedAt(now).setExpirationTime(now + ttl).sign(signer)
    },
  }
}
