export declare const consoleState: () => "built" | "stale" | "without"
export declare const buildConsole: () => Promise<string | undefined>
