export declare const bundledFlags: ReadonlyArray<string>
