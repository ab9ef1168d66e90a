/** The parts of `oidc-provider`, which ships no types, that the tests use. */
declare module "oidc-provider" {
  import type { IncomingMessage, ServerResponse } from "node:http"

  /** What a token is issued for; one of a client alone has no account. */
  export interface Issued {
    readonly accountId?: string
  }

  export interface Configuration {
    readonly findAccount: (
      context: unknown,
      accountId: string,
    ) => { readonly accountId: string; readonly claims: () => { readonly sub: string } }
    readonly extraTokenClaims: (context: unknown, issued: Issued) => Record<string, unknown>
    readonly [name: string]: unknown
  }

  export default class Provider {
    constructor(issuer: string, configuration: Configuration)
    callback(): (request: IncomingMessage, response: ServerResponse) => void
    on(
      event: "grant.success",
      listener: (context: { readonly oidc: { readonly params?: Readonly<Record<string, unknown>> } }) => void,
    ): this
  }
}
