/** Sign-in at an OIDC provider: the code flow with PKCE, and new tokens while a session lasts. */
import { Unavailable } from "@stint/domain/Problem"
import { httpUrl } from "@stint/edge/Places"
import { Refusal } from "@stint/edge/Refusal"
import { Config, Context, Data, Effect, Layer, Option, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import type * as Client from "openid-client"

/** How long the provider may take to answer, in seconds. */
const DEADLINE = 10

/** The provider does not give tokens, for good: the person refused, the code or the refresh token is not its own. */
export class Refused extends Data.TaggedError("Refused")<{ readonly code: string }> {}

/** What the provider gives. */
export interface Tokens {
  /** What may be the token that services take, the likeliest first. */
  readonly candidates: ReadonlyArray<string>
  readonly refresh: string | undefined
}

/** A sign-in that has begun: where to send the browser, and what must be known when it comes back. */
export interface Begun {
  readonly url: URL
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

/** The provider. */
export interface Provider {
  /** What the page calls it. */
  readonly title: string
  begin(redirectUri: string): Effect.Effect<Begun, Unavailable>
  /** The tokens for the code that the browser came back with, at `url`. */
  finish(
    url: URL,
    begun: Pick<Begun, "state" | "nonce" | "verifier">,
  ): Effect.Effect<Tokens, Refused | Unavailable>
  refresh(token: string): Effect.Effect<Tokens, Refused | Unavailable>
  /** Asks the provider to forget a refresh token. Never fails: the session is over here in any case. */
  revoke(token: string): Effect.Effect<void>
}

/** A client's secret, as the provider takes it: in the header by default (OpenID Connect Core 9). */
const secretOf = (client: typeof Client, secret: string): Client.ClientAuth => (server, ...rest) => {
  const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"]
  const auth = methods.includes("client_secret_basic") ? client.ClientSecretBasic : client.ClientSecretPost
  return auth(secret)(server, ...rest)
}

const tokensOf = (answer: Client.TokenEndpointResponse): Tokens => ({
  candidates: [answer.access_token, ...(answer.id_token === undefined ? [] : [answer.id_token])],
  refresh: answer.refresh_token,
})

/** Errors that say that asking again will not help: the provider answered, and what it answered does not do. */
const refusalOf = (client: typeof Client, error: unknown): Refused | undefined => {
  if (error instanceof client.ResponseBodyError || error instanceof client.AuthorizationResponseError) {
    return ["server_error", "temporarily_unavailable"].includes(error.error)
      ? undefined
      : new Refused({ code: error.error })
  }
  if (
    error instanceof client.ClientError && typeof error.code === "string" && !/TIMEOUT|HTTP_STATUS/.test(error.code)
  ) {
    return new Refused({ code: error.code })
  }
  return undefined
}

const make = Effect.fnUntraced(function* (issuer: URL) {
  const fetch = yield* FetchHttpClient.Fetch
  const id = yield* Config.String("STINT_OIDC_CLIENT_ID")
  const secret = yield* Config.option(Config.Redacted("STINT_OIDC_CLIENT_SECRET"))
  const scope = yield* Config.String("STINT_OIDC_SCOPE").pipe(Config.withDefault("openid offline_access"))
  const resource = yield* Config.option(Config.String("STINT_OIDC_RESOURCE"))
  const title = yield* Config.String("STINT_OIDC_TITLE").pipe(Config.withDefault(issuer.hostname))
  // RFC 8707: whom the access token is for
  const about: Record<string, string> = Option.match(resource, {
    onNone: () => ({}),
    onSome: (resource) => ({ resource }),
  })

  const unavailable = (error: unknown) =>
    Effect.andThen(
      Effect.logWarning(`the OIDC provider can't be asked: ${error instanceof Error ? error.message : error}`),
      Effect.fail(new Unavailable({ detail: "Who signs people in does not answer; try again" })),
    )

  const discover = Effect.tryPromise({
    try: async () => {
      // no start and no local stack needs it
      const client = await import("openid-client")
      const auth = Option.match(secret, {
        onNone: () => client.None(),
        onSome: (secret) => secretOf(client, Redacted.value(secret)),
      })
      const config = await client.discovery(issuer, id, undefined, auth, {
        // of a provider on this machine, for a test
        execute: issuer.protocol === "http:" ? [client.allowInsecureRequests] : [],
        timeout: DEADLINE,
        [client.customFetch]: fetch as Client.CustomFetch,
      })
      return { client, config }
    },
    catch: (error) => error,
  })
  // what failed is asked again for the next who signs in
  let known: Effect.Success<typeof discover> | undefined
  const found = Effect.suspend(() =>
    known === undefined
      ? Effect.tap(discover, (it) => Effect.sync(() => known = it)).pipe(Effect.catch(unavailable))
      : Effect.succeed(known)
  )

  const ask = <A>(use: (client: typeof Client, config: Client.Configuration) => Promise<A>) =>
    Effect.flatMap(
      found,
      ({ client, config }) =>
        Effect.tryPromise({ try: () => use(client, config), catch: (error) => error }).pipe(
          Effect.catch((error): Effect.Effect<never, Refused | Unavailable> => {
            const refused = refusalOf(client, error)
            return refused === undefined ? unavailable(error) : Effect.fail(refused)
          }),
        ),
    )

  return {
    title,
    begin: Effect.fnUntraced(function* (redirectUri: string) {
      const { client, config } = yield* found
      const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()]
      const challenge = yield* Effect.promise(() => client.calculatePKCECodeChallenge(verifier))
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope,
        state,
        nonce,
        code_challenge: challenge,
        code_challenge_method: "S256",
        // without it a provider leaves the refresh token out, whatever the scope says (OpenID Connect Core 11)
        ...(scope.split(" ").includes("offline_access") ? { prompt: "consent" } : {}),
        ...about,
      })
      return { url, state, nonce, verifier }
    }),
    finish: (url, { nonce, state, verifier }) =>
      ask((client, config) =>
        client.authorizationCodeGrant(config, url, {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        }, about)
      ).pipe(Effect.map(tokensOf)),
    refresh: (token) => Effect.map(ask((client, config) => client.refreshTokenGrant(config, token, about)), tokensOf),
    revoke: (token) => Effect.ignore(ask((client, config) => client.tokenRevocation(config, token))),
  } satisfies Provider
})

/** The OIDC provider of this installation, if it has one. */
export class Oidc extends Context.Service<Oidc, { readonly provider: Option.Option<Provider> }>()("gateway/Oidc") {
  /** `STINT_OIDC_ISSUER` names it. Fails with a Refusal for settings that do not go together. */
  static readonly layer = Layer.effect(
    Oidc,
    Effect.gen(function* () {
      const issuer = yield* httpUrl("STINT_OIDC_ISSUER")
      if (Option.isNone(issuer)) return Oidc.of({ provider: Option.none() })
      const { hostname, protocol } = issuer.value
      if (protocol === "http:" && !["127.0.0.1", "localhost", "[::1]"].includes(hostname)) {
        return yield* new Refusal({ message: "STINT_OIDC_ISSUER must be an https url" })
      }
      return Oidc.of({ provider: Option.some(yield* make(issuer.value)) })
    }),
  )
}
