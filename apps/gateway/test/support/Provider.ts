/** A real OIDC provider on loopback (`oidc-provider`), and a browser that signs in there. */
import { exportJWK, generateKeyPair } from "jose"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import Provider from "oidc-provider"

/** What a test may change while it runs. */
export interface World {
  /** How long an access token holds, in seconds. */
  tokenSeconds: number
  /** How many requests for tokens were answered, by grant type. */
  readonly grants: Array<string>
}

/** The accounts are named `role-name`; whoever has another name has no role. */
const roleOf = (account: string) => /^(customer|operator|viewer|service)-/.exec(account)?.[1]

/** The claims of people: what the accounts named `customer-name` have beside their role, by their names. */
const people: Readonly<Record<string, object>> = {
  "customer-rita": { customer_id: "acme", duties: ["reader"] },
  "customer-wrong": { customer_id: "acme", duties: ["boss"] },
}

/** Starts a provider with one client, `front`, that may come back to these addresses. */
export const startProvider = async (redirectUris: ReadonlyArray<string>) => {
  const world: World = { tokenSeconds: 3_600, grants: [] }
  const { privateKey } = await generateKeyPair("RS256", { extractable: true })
  const server: Server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(issuer, {
    clients: [{
      client_id: "front",
      client_secret: "a secret",
      redirect_uris: [...redirectUris],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
    }],
    jwks: { keys: [{ ...await exportJWK(privateKey), alg: "RS256", use: "sig", kid: "provider" }] },
    cookies: { keys: ["for a test"] },
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    extraTokenClaims: (_, issued) => {
      const role = issued.accountId === undefined ? undefined : roleOf(issued.accountId)
      return role === undefined ? {} : { role, ...people[issued.accountId!] }
    },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    features: {
      devInteractions: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: "",
          audience: "stint",
          accessTokenTTL: world.tokenSeconds,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
  })
  provider.on("grant.success", ({ oidc }) => void world.grants.push(String(oidc.params?.grant_type)))
  server.on("request", provider.callback())
  return {
    issuer,
    world,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A browser at the provider: from the address that it was sent to, to the one that it is sent back to. */
export const signInAt = async (start: string, account: string, { consents = true } = {}): Promise<string> => {
  const cookies = new Map<string, string>()
  const { origin } = new URL(start)
  const go = async (url: string, form?: Record<string, string>) => {
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
      cookies.set(name!, value!)
    }
    return { response, text: await response.text() }
  }
  let at = await go(start)
  for (let steps = 0; steps < 20; steps++) {
    const location = at.response.headers.get("location")
    if (location !== null) {
      const next = new URL(location, origin)
      if (next.origin !== origin) return next.href
      at = await go(next.href)
      continue
    }
    // the form of the login, then of the consent
    const action = /<form[^>]*action="([^"]+)"/.exec(at.text)?.[1]
    if (action === undefined) throw new Error(`the provider says ${at.response.status}: ${at.text.slice(0, 500)}`)
    const abort = /href="([^"]+\/abort)"/.exec(at.text)?.[1]
    if (!consents && abort !== undefined) at = await go(new URL(abort, origin).href)
    else {
      const form: Record<string, string> = at.text.includes(`name="login"`)
        ? { prompt: "login", login: account, password: "any" }
        : { prompt: "consent" }
      at = await go(new URL(action, origin).href, form)
    }
  }
  throw new Error("the provider sends the browser in a circle")
}
