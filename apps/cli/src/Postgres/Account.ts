import { type ChildProcess, spawn } from "node:child_process"
import { chown, readdir, readFile, stat } from "node:fs/promises"
import { dirname, join } from "node:path"
import { codeOf, LauncherError } from "./LauncherError.ts"

/**
 * As whom Postgres runs, since it refuses root:
 *
 * - `plain`: as we do, when we are not root;
 * - `namespace`: in a user namespace without a mapping, where root looks like nobody and files stay root's own;
 * - `user`: under an unprivileged account of the machine, which must be able to reach data and binaries.
 */
export type Account =
  | { readonly kind: "plain" }
  | { readonly kind: "namespace" }
  | { readonly kind: "user"; readonly name: string; readonly uid: number; readonly gid: number }

/** A way around root that the caller insists on; by default the namespace, then the user. */
export type RootWay = "namespace" | "user"

interface Output {
  readonly code: number | null
  readonly text: string
}

const environment = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", TZ: "UTC" }

/**
 * Starts a program under the account, in a session of its own, with an environment that holds nothing of ours: a
 * `PGPORT` or `PGDATA` of the caller must not reach Postgres.
 */
export const spawnAs = (
  account: Account,
  program: string,
  args: ReadonlyArray<string>,
  stdio: number | "pipe",
  stdin: "ignore" | "pipe" = "ignore",
): ChildProcess => {
  const inNamespace = account.kind === "namespace"
  return spawn(inNamespace ? "unshare" : program, inNamespace ? ["-U", program, ...args] : [...args], {
    detached: true,
    cwd: "/",
    env: environment,
    stdio: [stdin, stdio, stdio],
    ...(account.kind === "user" ? { uid: account.uid, gid: account.gid } : {}),
  })
}

/**
 * Runs a program under the account to its end, with `input` on its standard input; what it wrote on both streams comes back.
 * Fails when it can't start.
 */
export const runAs = (account: Account, program: string, args: ReadonlyArray<string>, input = ""): Promise<Output> =>
  new Promise((resolve, reject) => {
    const child = spawnAs(account, program, args, "pipe", "pipe")
    let text = ""
    child.stdout?.on("data", (chunk) => text += chunk)
    child.stderr?.on("data", (chunk) => text += chunk)
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, text: text.trim() }))
    // One that ended before it read anything is told apart by its exit status
    child.stdin?.on("error", () => {})
    child.stdin?.end(input)
  })

/** The lines of /etc/passwd as accounts. A uid that stands in none is of no use: initdb looks its name up. */
const knownUsers = async (): Promise<ReadonlyArray<{ name: string; uid: number; gid: number }>> => {
  const text = await readFile("/etc/passwd", "utf8").catch(() => "")
  return text.split("\n").map((line) => line.split(":")).filter((parts) => parts.length >= 4).map((parts) => ({
    name: parts[0]!,
    uid: Number(parts[2]),
    gid: Number(parts[3]),
  }))
}

/**
 * Chooses the account. `way` forces one of the two for root. Fails with a LauncherError when root has neither: the
 * namespace is forbidden (a container's seccomp) and no unprivileged user exists.
 */
export const chooseAccount = async (way: RootWay | undefined): Promise<Account> => {
  if (Deno.uid() !== 0) return { kind: "plain" }
  const users = await knownUsers()
  if (way !== "user") {
    const inside = await runAs({ kind: "namespace" }, "id", ["-u"]).catch((error) => ({ code: 1, text: codeOf(error) }))
    const uid = Number(inside.text)
    if (inside.code === 0 && uid !== 0 && users.some((user) => user.uid === uid)) return { kind: "namespace" }
    if (way === "namespace") {
      throw new LauncherError(`A user namespace for Postgres can't be made here (${inside.text || "forbidden"}).`)
    }
  }
  const user = users.find((user) => user.name === "postgres" && user.uid !== 0) ??
    users.find((user) => user.name === "nobody" && user.uid !== 0)
  if (user !== undefined) return { kind: "user", ...user }
  throw new LauncherError(
    "Postgres refuses to run as root, user namespaces are forbidden here, and there is no user postgres or nobody: " +
      "start as an ordinary user, or give the *_DATABASE_URL of a Postgres of your own.",
  )
}

/** Who owns the files that Postgres writes under this account. */
export const ownerOf = (account: Account): { readonly uid: number; readonly gid: number } =>
  account.kind === "user" ? account : { uid: Deno.uid() ?? 0, gid: Deno.gid() ?? 0 }

/**
 * Whether the account may enter the folder, judged by the permission bits of each folder on the way to it. In a user
 * namespace root has lost its power over other people's folders.
 */
export const canEnter = async (account: Account, folder: string): Promise<boolean> => {
  if (account.kind === "plain") return true
  const { gid, uid } = ownerOf(account)
  for (let at = folder;; at = dirname(at)) {
    const info = await stat(at)
    const shift = info.uid === uid ? 6 : info.gid === gid ? 3 : 0
    if ((info.mode >> shift & 0o1) === 0) return false
    if (at === dirname(at)) return true
  }
}

/**
 * Gives a folder and all in it to the account, when its top is not already the account's: data that was made under
 * another account stays usable. Fails with a LauncherError when we may not.
 */
export const giveTo = async (account: Account, folder: string): Promise<void> => {
  const { gid, uid } = ownerOf(account)
  if ((await stat(folder)).uid === uid) return
  try {
    for (const entry of await readdir(folder, { recursive: true })) await chown(join(folder, entry), uid, gid)
    await chown(folder, uid, gid)
  } catch (error) {
    throw new LauncherError(`${folder} belongs to another user and can't be taken over (${codeOf(error)}).`)
  }
}
