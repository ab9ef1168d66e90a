export declare const programs: (canMake: boolean, places?: ReadonlyArray<string>) => Promise<string | undefined>
