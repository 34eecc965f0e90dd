/** One round of looking at an instance, as the host told it, before it is judged. */
export type RawSample = {
  /** systemd's words: `active`, `failed`; `running`, `auto-restart`; `success`, `exit-code`. */
  readonly activeState: string;
  readonly subState: string;
  readonly result: string;
  /** Main process, 0 when there is none. */
  readonly pid: number;
  /** The main process runs the binary of the release directory that was switched to: same device and inode. */
  readonly exeMatch: boolean;
  readonly startedAfterSwitch: boolean;
  readonly restarts: number;
  /** Of the ports the check names, those the main process does not listen on. */
  readonly missingListens: readonly number[];
  readonly probes: readonly RawProbe[];
};

/** `id` is the index of the probe in the health check, as text. `error` is '' when an answer came. */
export type RawProbe =
  | {
      readonly id: string;
      readonly kind: 'http';
      /** 0 when no answer came. */
      readonly status: number;
      readonly error: string;
      readonly headers: readonly (readonly [name: string, value: string])[];
      /** The first 4 KiB. */
      readonly body: string;
    }
  | { readonly id: string; readonly kind: 'tcp'; readonly ok: boolean; readonly error: string }
  | {
      readonly id: string;
      readonly kind: 'tls';
      readonly error: string;
      /** sha256 of the leaf that each connection was shown. */
      readonly fingerprints: readonly string[];
      /** Why a client with the roots would not go on, '' when it would. */
      readonly refused: string;
    }
  | { readonly id: string; readonly kind: 'exec'; readonly code: number; readonly error: string };
