/** A unix socket in a folder as Cloud SQL's proxy makes it, in front of a Postgres that listens on TCP. */
import { mkdir } from "node:fs/promises"
import { connect, createServer, type Socket } from "node:net"
import { join } from "node:path"

/** Opens `<folder>/<instance>/.s.PGSQL.5432`; the folder of the socket, for `?host=`, and how to close it. */
export const openSocket = async (folder: string, instance: string, to: { host: string; port: number }) => {
  const host = join(folder, instance)
  await mkdir(host, { recursive: true })
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    const upstream = connect(to.port, to.host)
    for (const [from, into] of [[socket, upstream], [upstream, socket]] as const) {
      open.add(from)
      from.on("error", () => into.destroy()).on("close", () => open.delete(from)).pipe(into)
    }
  })
  await new Promise<void>((resolve) => server.listen(join(host, ".s.PGSQL.5432"), resolve))
  return {
    host,
    close: () => {
      for (const socket of open) socket.destroy()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
