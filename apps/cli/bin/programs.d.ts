export declare const programs: (canMake: boolean, places?: ReadonlyArray<string>) => string | undefined
