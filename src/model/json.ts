export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Variables of a host or an instance after precedence has been applied; keyed by user input, hence a Map. */
export type Vars = ReadonlyMap<string, Json>;
