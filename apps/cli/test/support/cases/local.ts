/** Commands that work on this machine: on keys, secrets, databases, or by themselves. */
import { Refusal, tokenOf } from "../fakeServices.ts"
import type { Setting } from "../invoke.ts"

/** What a case finds: a home with a key and a file of secrets, and databases that are migrated. */
export interface Place {
  readonly home: string
  readonly kid: string
  readonly databases: Readonly<Record<string, string>>
}

/** A command line, in words or made of a place, how it is called, and what it says; then one that fails. */
export interface LocalCase {
  readonly name: string
  readonly args?: (place: Place) => string
  readonly setting?: (place: Place) => Setting
  /** What it says to a person, wherever. */
  readonly says: RegExp
  /** The fields of its JSON. */
  readonly json: ReadonlyArray<string>
  readonly fails: {
    readonly args?: string
    readonly setting?: (place: Place) => Setting
    readonly exit: number
    readonly words: RegExp
  }
}

const env = ({ home }: Place) => ({ STINT_HOME: home, XDG_CONFIG_HOME: home })
const here = (place: Place): Setting => ({ env: env(place) })
const withDatabases = (place: Place): Setting => ({ env: { ...env(place), ...place.databases } })
const withSecrets = (place: Place): Setting => ({ env: { ...env(place), STINT_SECRETS: `${place.home}/secrets.json` } })
const foreign = (place: Place): Setting => ({ env: { ...env(place), STINT_JWKS: "{}" } })

/** Whoever is asked gives this answer. */
const answering = (answer: () => Promise<Response>) => answer as unknown as typeof globalThis.fetch
const refusing = answering(() => Promise.reject(new TypeError("no answer")))
const remote = { STINT_URL: "https://stint.test", STINT_TOKEN: tokenOf("operator"), XDG_CONFIG_HOME: "/nowhere" }

const load = {
  runs: 3,
  skipped: 0,
  busiest: [],
  curve: [],
  lateness_ms: null,
  peak_per_minute: 3,
  peak_queue: 0,
  step_seconds: 60,
}
const simulated = {
  source: "stored",
  from: "2026-03-01T00:00:00.000Z",
  to: "2026-03-02T00:00:00.000Z",
  hires: 1,
  goals: 3,
  slots: 3,
  distinct_rules: 1,
  capacity: { runs_at_once: 800, run_ms: 20, runs_per_second: 1000 },
  ...load,
}

const unknownService = { exit: 2, words: /^stint: There is no service "none": say catalog, hiring/ }

/** One of each. */
export const local: ReadonlyArray<LocalCase> = [
  {
    name: "token",
    args: () => "token --role viewer --subject vera",
    setting: here,
    says: /^eyJ[\w.-]+\n$/,
    json: ["token"],
    fails: { args: "token --role king --subject vera", setting: here, exit: 2, words: /^stint: Say --role customer/ },
  },
  {
    name: "token revoke",
    args: () => "token revoke --subject mallory",
    setting: here,
    says: /^Revoked: within a minute/,
    json: ["revoked"],
    fails: { setting: here, exit: 2, words: /^stint: Say one of --subject NAME, --jti ID and --stdin\./ },
  },
  {
    name: "token revoked",
    setting: here,
    says: /^jti 5b0c\n$/,
    json: ["jti", "sub", "kid"],
    fails: {
      setting: foreign,
      exit: 1,
      words: /^stint: The services take the tokens of STINT_JWKS_URL, .*issuer\.\n$/,
    },
  },
  {
    name: "keys list",
    setting: here,
    says: /^[\w-]+ {2}signs\n$/,
    json: ["keys"],
    fails: { setting: foreign, exit: 1, words: /^stint: The keys come from STINT_JWKS_URL/ },
  },
  {
    name: "keys rotate",
    setting: here,
    says: /^The new key [\w-]+ is published, and signs from /,
    json: ["kid", "signs_from"],
    fails: { args: "keys rotate --lead 1s", setting: here, exit: 2, words: /^stint: --lead must be 3s or longer/ },
  },
  {
    name: "keys revoke",
    args: ({ kid }) => `keys revoke ${kid}`,
    setting: here,
    says: /^The key [\w-]+ is revoked/,
    json: ["revoked"],
    fails: {
      args: "keys revoke none",
      setting: here,
      exit: 1,
      words: /^stint: There is no key "none": stint keys list/,
    },
  },
  {
    name: "secrets list",
    setting: withSecrets,
    says: /^acme +hook +one\n$/,
    json: ["secrets"],
    fails: { setting: here, exit: 1, words: /^stint: STINT_SECRETS names no file of secrets\.\n$/ },
  },
  {
    name: "secrets check",
    setting: withSecrets,
    says: /^1 secrets of 1 customers; hires were not looked at: There is no Postgres in .*; 0 faults\n$/,
    json: ["secrets", "customers", "hires", "faults", "notes"],
    fails: { setting: here, exit: 1, words: /^stint: STINT_SECRETS names no file of secrets\.\n$/ },
  },
  {
    name: "retention",
    args: () => "retention --dry-run",
    setting: withDatabases,
    says: /^catalog +gateway_audit_logs: 0 would go \(kept 90 days\)$/m,
    json: ["dry_run", "items"],
    fails: { args: "retention --service none", setting: withDatabases, ...unknownService },
  },
  ...([
    ["migrate", /^catalog +nothing to do$/m],
    ["status", /^catalog +applied: 010_agent_type_definitions/],
    ["verify", /^catalog +all \d+ checks are ok$/m],
    ["ping", /^catalog +ok as service: /],
  ] as const).map(([action, says]) => ({
    name: `db ${action}`,
    setting: withDatabases,
    says,
    json: ["services"],
    fails: { args: `db ${action} --service none`, setting: withDatabases, ...unknownService },
  })),
  {
    name: "db down",
    args: () => "db down --dry-run",
    setting: withDatabases,
    says: /^catalog +would take back /m,
    json: ["services"],
    fails: { setting: withDatabases, exit: 2, words: /^stint: db down destroys what the tables hold: say --yes/ },
  },
  {
    name: "db seed",
    setting: withDatabases,
    says: /^catalog +trading\.delta_futures\.v1@1\.0\.0: /m,
    json: ["services"],
    fails: {
      args: "db seed --service hiring",
      setting: withDatabases,
      exit: 2,
      words: /^stint: Only catalog has seed data/,
    },
  },
  {
    name: "db reconcile",
    args: () => "db reconcile --dry-run",
    setting: withDatabases,
    says: /^nothing differs\n$/,
    json: ["left"],
    fails: {
      args: "db reconcile --service hiring",
      setting: withDatabases,
      exit: 2,
      words: /^stint: db reconcile compares all four databases: leave --service away\./,
    },
  },
  {
    name: "open",
    args: () => "open --print",
    setting: (place) => ({
      ...here(place),
      fetch: answering(() => Promise.resolve(Response.json({ url: "http://stint.test/session/enter?code=c" }))),
    }),
    says: /^http:\/\/stint\.test\/session\/enter\?code=c\n$/,
    json: ["url"],
    fails: {
      setting: (place) => ({ ...here(place), fetch: refusing }),
      exit: 1,
      words: /^stint: Nothing answers at http:\/\/127\.0\.0\.1:4100: start the stack with npm start\.\n$/,
    },
  },
  {
    name: "login",
    args: () => "login --url https://stint.test",
    setting: (place) => ({
      ...here(place),
      stdin: tokenOf("viewer", "vera"),
      answers: { "catalog.agentTypes.list": () => ({ items: [], next_cursor: null }) },
    }),
    says: /^Signed in at https:\/\/stint\.test as vera \(viewer\), until 2100-/,
    json: ["url", "subject", "role", "expires_at", "path"],
    fails: { args: "login --url https://stint.test", setting: here, exit: 2, words: /^stint: That is no token/ },
  },
  {
    name: "logout",
    setting: here,
    says: /^Signed out: .*login\.json is gone\.\n$/,
    json: ["path"],
    fails: { args: "logout --everywhere", setting: here, exit: 2, words: /^stint: Unknown option '--everywhere'/ },
  },
  {
    name: "doctor",
    setting: () => ({
      env: remote,
      fetch: answering(() => Promise.resolve(new Response("{}", { headers: { "content-type": "text/html" } }))),
    }),
    says: /^ok +hiring +answers at https:\/\/stint\.test$/m,
    json: ["checks"],
    fails: {
      setting: () => ({ env: remote, fetch: refusing }),
      exit: 1,
      words: /mend: look at the address[^]*checks failed\.\n$/,
    },
  },
  {
    name: "simulate",
    args: () => "simulate --hires 10 --days 2",
    setting: here,
    says: /^10 hires, 30 goals, \d+ slots from /,
    json: ["source", "from", "to", "hires", "goals", "slots", "runs"],
    fails: {
      args: "simulate --days 0",
      setting: here,
      exit: 2,
      words: /^stint: --days must be a whole number, 1 to 366\./,
    },
  },
  {
    name: "simulate",
    args: () => "simulate --stored",
    setting: () => ({
      answers: { "scheduler.simulation.simulate": ({ payload }) => payload.source === "stored" && simulated },
    }),
    says: /^1 hires that there are, 3 goals, 3 slots from /,
    json: ["source", "from", "to", "hires", "goals", "slots", "runs"],
    fails: {
      args: "simulate --stored",
      setting: () => ({
        answers: {
          "scheduler.simulation.simulate": () =>
            new Refusal(503, "unavailable", "A service that is needed does not answer now"),
        },
      }),
      exit: 1,
      words: /^stint: A service that is needed does not answer now\. Try again; stint doctor says which/,
    },
  },
]
