/** The build of the console's pages, for whoever starts a stack or tries them. */
export { buildConsole, consoleState } from "../bin/console.js"
