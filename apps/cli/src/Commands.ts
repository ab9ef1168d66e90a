/** All commands: what each is for, and where it lies. A command's module is light; what does its work is loaded when it runs. */
import type { Command } from "./Command.ts"
import type { Loaded } from "./Completions.ts"

/** A command that is not loaded yet. */
export interface Entry {
  readonly about: string
  readonly load: () => Promise<Command>
}

/** The commands by name. */
export const commands: Readonly<Record<string, Entry>> = {
  start: {
    about: "start the four services, with a Postgres of their own unless *_DATABASE_URL names one",
    load: () => import("./commands/start.ts").then(({ start }) => start),
  },
  demo: {
    about: "tell the whole story on a stack of its own, and verify it",
    load: () => import("./commands/demo.ts").then(({ demo }) => demo),
  },
  doctor: {
    about: "check this machine and the installation, and name the mend of what is wrong",
    load: () => import("./commands/doctor.ts").then(({ doctor }) => doctor),
  },
  login: {
    about: "keep the address of a stint and a token",
    load: () => import("./commands/login.ts").then(({ login }) => login),
  },
  logout: {
    about: "forget them",
    load: () => import("./commands/login.ts").then(({ logout }) => logout),
  },
  types: {
    about: "agent types: list, show, publish",
    load: () => import("./commands/types.ts").then(({ types }) => types),
  },
  customers: {
    about: "customers: list, show",
    load: () => import("./commands/customers.ts").then(({ customers }) => customers),
  },
  subs: {
    about: "subscriptions: list, show, activate, mark past due, cancel",
    load: () => import("./commands/subs.ts").then(({ subs }) => subs),
  },
  hires: {
    about: "hired agents: list, show, deactivate",
    load: () => import("./commands/hires.ts").then(({ hires }) => hires),
  },
  goals: {
    about: "goals: list, show, preview, run now, switch on or off",
    load: () => import("./commands/goals.ts").then(({ goals }) => goals),
  },
  runs: {
    about: "runs: list, follow, show, cancel",
    load: () => import("./commands/runs.ts").then(({ runs }) => runs),
  },
  inbox: {
    about: "drafts: list, show, approve, reject, execute",
    load: () => import("./commands/inbox.ts").then(({ inbox }) => inbox),
  },
  dlq: {
    about: "dead letters: list, show, retry, redrive, discard",
    load: () => import("./commands/dlq.ts").then(({ dlq }) => dlq),
  },
  scheduler: {
    about: "the scheduler: status, pause, resume, trigger, backfill, limits",
    load: () => import("./commands/scheduler.ts").then(({ scheduler }) => scheduler),
  },
  audit: {
    about: "who did what, and why",
    load: () => import("./commands/audit.ts").then(({ audit }) => audit),
  },
  explain: {
    about: "why a goal ran, will run, or did not",
    load: () => import("./commands/explain.ts").then(({ explain }) => explain),
  },
  simulate: {
    about: "say what the days to come look like: the load, how late, what a spread would change",
    load: () => import("./commands/simulate.ts").then(({ simulate }) => simulate),
  },
  db: {
    about: "migrate, verify, take back, seed or ping the databases",
    load: () => import("./commands/db.ts").then(({ db }) => db),
  },
  retention: {
    about: "remove what is past its time, or say what would go",
    load: () => import("./commands/retention.ts").then(({ retention }) => retention),
  },
  secrets: {
    about: "list or check the secrets that webhooks are signed with",
    load: () => import("./commands/secrets.ts").then(({ secrets }) => secrets),
  },
  token: {
    about: "print a token for the local stack, or revoke some",
    load: () => import("./commands/token.ts").then(({ token }) => token),
  },
  keys: {
    about: "list, rotate or revoke the keys that tokens are signed with",
    load: () => import("./commands/keys.ts").then(({ keys }) => keys),
  },
  compose: {
    about: "what docker-compose.yml runs beside the services",
    load: () => import("./commands/compose.ts").then(({ compose }) => compose),
  },
  completions: {
    about: "what bash, zsh or fish need to complete the commands",
    load: () => import("./commands/completions.ts").then(({ completions }) => completions),
  },
}

/** All of them with their tables. */
export const loadAll = async (): Promise<Loaded> =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(commands).map(async ([name, { about, load }]) =>
        [name, { about, command: await load() }] as const
      ),
    ),
  )
