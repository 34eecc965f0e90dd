/** One thing that `pdeploy doctor` looked at. */
export type Check = {
  /** `sudo`, `policy`, ... */
  readonly what: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly text: string;
};

export const ok = (what: string, text: string): Check => ({ what, level: 'ok', text });
export const warn = (what: string, text: string): Check => ({ what, level: 'warn', text });
export const fail = (what: string, text: string): Check => ({ what, level: 'fail', text });
