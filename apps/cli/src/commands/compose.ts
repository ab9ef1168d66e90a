import type { Command } from "../Command.ts"

/** `stint compose`: what docker-compose.yml runs beside Postgres and the services. */
export const compose: Command = {
  about: "What docker-compose.yml runs beside Postgres and the services; see docs/compose.md.",
  actions: {
    keys: {
      about:
        "makes the signing key, the superuser's password and the key of sessions, where they are missing, and the services' tokens",
    },
    migrate: {
      about:
        "makes the databases and their roles, brings them to the schema of this program, and writes the services' urls",
    },
    tokens: {
      about: "keeps the services' tokens, the public keys and the list of what is revoked new, until it is told to end",
    },
  },
  flags: {
    folder: {
      value: "FOLDER",
      about: "where vault (the signing key, all passwords), superuser (its password) and services (what they read) are",
      default: "/var/lib/stint",
    },
    postgres: { value: "ADDRESS", about: "where Postgres listens", default: "postgres:5432" },
  },
  run: async (flags) => await (await import("./compose/Run.ts")).perform(flags),
}
