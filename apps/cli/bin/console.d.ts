export type ConsoleState = "built" | "stale" | "without"
export declare const consoleState: () => ConsoleState
export declare const buildConsole: () => Promise<string | undefined>
