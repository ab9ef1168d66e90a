/** A connection of the runtime, for what speaks a protocol of its own. Loaded when it is needed. */
import { connect, type Socket } from "node:net"

/** Connects to a host by its name, within so many milliseconds. */
export const connectTo = (host: string, port: number, withinMs: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    const late = setTimeout(() => socket.destroy(new Error(`${host} does not answer`)), withinMs)
    socket.once("error", (error) => {
      clearTimeout(late)
      reject(error)
    })
    socket.once("connect", () => {
      clearTimeout(late)
      resolve(socket)
    })
  })
