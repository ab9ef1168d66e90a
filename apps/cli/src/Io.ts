/** What a command reads and writes: data on standard output, all else on standard error. A test puts its own in its place. */
import { printable } from "@stint/edge/Printable"

/** The variables of a process. */
export type Env = Readonly<Record<string, string | undefined>>

/** Where a command runs. */
export interface Io {
  readonly env: Env
  /** Whether a person sees standard output, and whether one reads and answers what stands on standard error. */
  readonly isTerminal: { readonly out: boolean; readonly dialogue: boolean }
  /** The width of the terminal on standard output; undefined when it is none: nothing is cut then. */
  readonly columns: number | undefined
  readonly isColoured: boolean
  /** Ends what follows or waits: a person pressed Ctrl-C. */
  readonly signal: AbortSignal
  readonly fetch: typeof globalThis.fetch
  /** Data: a line on standard output. It quotes others: what it holds can't begin another one. */
  out(line: string): void
  /** A line on standard output in which what is quoted was escaped before: it may have colours. */
  painted(line: string): void
  /** A line on standard error. */
  err(line: string): void
  /** A line on standard error that the next one replaces; empty takes it away. Only on a terminal. */
  transient(line: string): void
  /** Asks a person on standard error; the answer without the blanks around it. */
  ask(question: string): Promise<string>
  /** All of standard input. */
  read(): Promise<string>
  /** Waits so many milliseconds, or until `signal` aborts. */
  pause(ms: number): Promise<void>
}

/** The bytes of a line; a reader that went away is no reason to fail. */
const write = (to: typeof Deno.stdout, text: string): void => {
  const bytes = new TextEncoder().encode(text)
  try {
    for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at))
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error
  }
}

const readLine = async (): Promise<string> => {
  const decoder = new TextDecoder()
  const chunk = new Uint8Array(1024)
  let text = ""
  while (!text.includes("\n")) {
    const size = await Deno.stdin.read(chunk)
    if (size === null) break
    text += decoder.decode(chunk.subarray(0, size), { stream: true })
  }
  return text.split("\n")[0]!.trim()
}

/** The process's own. */
export const standardIo = (): Io => {
  const env = Deno.env.toObject()
  const out = Deno.stdout.isTerminal()
  const dialogue = Deno.stdin.isTerminal() && Deno.stderr.isTerminal()
  const ending = new AbortController()
  let interrupting = false
  const isColoured = out && !env.NO_COLOR && env.TERM !== "dumb"
  return {
    env,
    isTerminal: { out, dialogue },
    columns: out ? Deno.consoleSize().columns || 80 : undefined,
    isColoured,
    get signal() {
      // Only a command that looks takes Ctrl-C into its own hands: the others end by it
      if (!interrupting) Deno.addSignalListener("SIGINT", () => ending.abort())
      interrupting = true
      return ending.signal
    },
    fetch: globalThis.fetch,
    out: (line) => write(Deno.stdout, `${printable(line)}\n`),
    painted: (line) => write(Deno.stdout, `${line}\n`),
    err: (line) => write(Deno.stderr, `${printable(line)}\n`),
    transient: (line) => {
      if (Deno.stderr.isTerminal()) write(Deno.stderr, `\r\x1b[K${printable(line)}`)
    },
    ask: async (question) => {
      write(Deno.stderr, `${printable(question)} `)
      return await readLine()
    },
    read: () => new Response(Deno.stdin.readable).text(),
    pause: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms)
        ending.signal.addEventListener("abort", () => {
          clearTimeout(timer)
          resolve()
        }, { once: true })
      }),
  }
}
