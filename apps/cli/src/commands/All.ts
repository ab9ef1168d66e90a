/** All commands: what each is for, and where it lies. A command's module is light; what does its work is loaded when it runs. */
import type { Command } from "../Command.ts"
import type { Loaded } from "../Completions.ts"

/** A command that is not loaded yet. */
export interface Entry {
  readonly about: string
  readonly load: () => Promise<Command>
}

/** The commands by name. */
export const commands: Readonly<Record<string, Entry>> = {
  start: {
    about: "start the four services, with a Postgres of their own unless *_DATABASE_URL names one",
    load: () => import("./start.ts").then(({ start }) => start),
  },
  demo: {
    about: "tell the whole story on a stack of its own, and verify it",
    load: () => import("./demo.ts").then(({ demo }) => demo),
  },
  doctor: {
    about: "check this machine and the installation, and name the mend of what is wrong",
    load: () => import("./doctor.ts").then(({ doctor }) => doctor),
  },
  open: {
    about: "open the console in a browser, signed in on the local stack",
    load: () => import("./open.ts").then(({ open }) => open),
  },
  login: {
    about: "keep the address of a stint and a token",
    load: () => import("./login.ts").then(({ login }) => login),
  },
  logout: {
    about: "forget them",
    load: () => import("./login.ts").then(({ logout }) => logout),
  },
  types: {
    about: "agent types: list, show, check, publish",
    load: () => import("./types.ts").then(({ types }) => types),
  },
  customers: {
    about: "customers: list, show",
    load: () => import("./customers.ts").then(({ customers }) => customers),
  },
  subs: {
    about: "subscriptions: list, show, activate, mark past due, cancel",
    load: () => import("./subs.ts").then(({ subs }) => subs),
  },
  hires: {
    about: "hired agents: hire, list, show, report, migrate, deactivate",
    load: () => import("./hires.ts").then(({ hires }) => hires),
  },
  goals: {
    about: "goals: set, list, show, preview, run now, switch on or off",
    load: () => import("./goals.ts").then(({ goals }) => goals),
  },
  runs: {
    about: "runs: list, follow, show, cancel",
    load: () => import("./runs.ts").then(({ runs }) => runs),
  },
  inbox: {
    about: "drafts: list, show, approve, reject, execute",
    load: () => import("./inbox.ts").then(({ inbox }) => inbox),
  },
  mandates: {
    about: "rules that sign in your place: list, show, preview, sign, revoke",
    load: () => import("./mandates.ts").then(({ mandates }) => mandates),
  },
  notices: {
    about: "messages to people: list, show and set how each is told, test",
    load: () => import("./notices.ts").then(({ notices }) => notices),
  },
  dlq: {
    about: "dead letters: list, show, retry, redrive, discard",
    load: () => import("./dlq.ts").then(({ dlq }) => dlq),
  },
  scheduler: {
    about: "the scheduler: status, pause, resume, trigger, backfill, limits",
    load: () => import("./scheduler.ts").then(({ scheduler }) => scheduler),
  },
  models: {
    about: "the language models that write drafts: list, check",
    load: () => import("./models.ts").then(({ models }) => models),
  },
  makers: {
    about: "programs that make drafts over HTTP: list, check",
    load: () => import("./makers.ts").then(({ makers }) => makers),
  },
  audit: {
    about: "who did what, and why",
    load: () => import("./audit.ts").then(({ audit }) => audit),
  },
  explain: {
    about: "why a goal ran, will run, or did not",
    load: () => import("./explain.ts").then(({ explain }) => explain),
  },
  simulate: {
    about: "say what the days to come look like: the load, how late, what a spread would change",
    load: () => import("./simulate.ts").then(({ simulate }) => simulate),
  },
  db: {
    about: "migrate, verify, take back, seed or ping the databases",
    load: () => import("./db.ts").then(({ db }) => db),
  },
  retention: {
    about: "remove what is past its time, or say what would go",
    load: () => import("./retention.ts").then(({ retention }) => retention),
  },
  secrets: {
    about: "list or check the secrets that webhooks are signed with",
    load: () => import("./secrets.ts").then(({ secrets }) => secrets),
  },
  mcp: {
    about: "serve MCP on standard input and output, for agents of your own",
    load: () => import("./mcp.ts").then(({ mcp }) => mcp),
  },
  token: {
    about: "print a token for the local stack, or revoke some",
    load: () => import("./token.ts").then(({ token }) => token),
  },
  keys: {
    about: "list, rotate or revoke the keys that tokens are signed with",
    load: () => import("./keys.ts").then(({ keys }) => keys),
  },
  compose: {
    about: "what docker-compose.yml runs beside the services",
    load: () => import("./compose.ts").then(({ compose }) => compose),
  },
  completions: {
    about: "what bash, zsh or fish need to complete the commands",
    load: () => import("./completions.ts").then(({ completions }) => completions),
  },
}

/** Names that commands had, or that people say: they do the same, and stand in no list. */
export const alsoNamed: Readonly<Record<string, string>> = { maker: "makers" }

/** All of them with their tables. */
export const loadAll = async (): Promise<Loaded> =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(commands).map(async ([name, { about, load }]) =>
        [name, { about, command: await load() }] as const
      ),
    ),
  )
