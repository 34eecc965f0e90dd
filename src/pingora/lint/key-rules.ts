import { nearest } from '../../config/did-you-mean.ts';
import { show } from '../../config/show.ts';
import { valueProblem } from '../key.ts';
import { KEY_NAMES, keyNamed } from '../keys.ts';
import { isAtLeast } from '../version.ts';
import { has, spotIn } from './conf-file.ts';
import { eachConf, type Rule } from './subject.ts';

const misplaced: Rule = {
  code: 'PD2602',
  name: 'misplaced-key',
  about:
    "A key of Pingora's below another key, `server:` mostly. Pingora reads the top level only, and says nothing.",
  check: eachConf((conf, { appKeys }) =>
    strangers(conf.source.keys([]), appKeys).flatMap((top) =>
      conf.source
        .keys([top])
        .filter((key) => keyNamed(key) !== undefined)
        .map((key) => ({
          severity: 'error',
          spot: spotIn(conf, [top, key], 'key'),
          why: `${key} stands below ${show(top)}, where Pingora does not look: it has no effect`,
          instead: `write ${key} at the top level`,
        })),
    ),
  ),
};

const unknown: Rule = {
  code: 'PD2601',
  name: 'unknown-key',
  about:
    'A key that is not in the table below. Pingora passes over it in silence, so that a slip of the pen has no effect. A warning when it resembles none: the program may read it.',
  check: eachConf((conf, { appKeys }) =>
    strangers(conf.source.keys([]), appKeys)
      .filter((key) => !conf.source.keys([key]).some((inner) => keyNamed(inner) !== undefined))
      .map((key) => {
        const meant = nearest(key, KEY_NAMES);
        return {
          severity: meant === undefined ? 'warning' : 'error',
          spot: spotIn(conf, [key], 'key'),
          why: `Pingora has no key ${show(key)} and passes over it in silence`,
          instead:
            meant === undefined
              ? `take it out, or say that the program reads it: --own ${/^[\w-]+$/.test(key) ? key : 'KEY'}`
              : `write ${meant}`,
        };
      }),
  ),
};

const newer: Rule = {
  code: 'PD2603',
  name: 'newer-key',
  about: 'A key that came with a later version than the one that is run, which passes over it in silence.',
  check: eachConf((conf, { version }) =>
    known(conf.source.keys([]))
      .filter((key) => !isAtLeast(version, key.since))
      .map((key) => ({
        severity: 'error',
        spot: spotIn(conf, [key.name], 'key'),
        why: `${key.name} came with Pingora ${key.since}; ${version} passes over it in silence`,
        instead: `take it out, or run Pingora ${key.since}`,
      })),
  ),
};

const wrongValue: Rule = {
  code: 'PD2604',
  name: 'wrong-value',
  about:
    'A value of another type, or out of range. The service does not start with it; for nothing in place of a path it takes a file called `null`.',
  check: eachConf((conf) =>
    known(conf.source.keys([])).flatMap((key) => {
      const problem = valueProblem(key, conf.values[key.name]);
      if (problem === undefined) return [];
      return {
        severity: 'error',
        spot: spotIn(conf, [key.name]),
        why: `${key.name}: ${problem}, got ${show(conf.values[key.name])}`,
        instead: `write ${problem.replace('expected ', '')}`,
      };
    }),
  ),
};

const zeroThreads: Rule = {
  code: 'PD2605',
  name: 'zero-threads',
  about:
    '`threads: 0`. It is not a way to say "as many as there are processors": the process panics at the start.',
  check: eachConf((conf) =>
    conf.values.threads !== 0
      ? []
      : [
          {
            severity: 'error',
            spot: spotIn(conf, ['threads']),
            why: 'threads: 0 does not mean "automatic": Pingora panics at the start',
            instead: 'write a number, for each service of the process as many as it should use: threads: 2',
          },
        ],
  ),
};

const dead: Rule = {
  code: 'PD2619',
  name: 'dead-key',
  about: 'A key that is read and used nowhere: `upgrade_sock_connect_accept_max_retries` up to 0.9.1.',
  check: eachConf((conf) =>
    known(conf.source.keys([]))
      .filter((key) => key.dead === true)
      .map((key) => ({
        severity: 'warning',
        spot: spotIn(conf, [key.name], 'key'),
        why: `Pingora reads ${key.name} and uses it nowhere: a handover waits about 5 s whatever it says`,
        instead: 'take it out',
      })),
  ),
};

const keyLog: Rule = {
  code: 'PD2618',
  name: 'key-log',
  about: '`upstream_debug_ssl_keylog: true`. Whoever has that file can read the traffic to the upstreams.',
  check: eachConf((conf) =>
    has(conf, 'upstream_debug_ssl_keylog') && conf.values.upstream_debug_ssl_keylog === true
      ? [
          {
            severity: 'error',
            spot: spotIn(conf, ['upstream_debug_ssl_keylog']),
            why: 'the TLS keys of upstream connections are written to a file, with which their traffic can be read',
            instead: 'take it out: it is false by default',
          },
        ]
      : [],
  ),
};

function known(keys: readonly string[]) {
  return keys.map(keyNamed).filter((key) => key !== undefined);
}

function strangers(keys: readonly string[], appKeys: readonly string[]): readonly string[] {
  return keys.filter((key) => keyNamed(key) === undefined && !appKeys.includes(key));
}

export const KEY_RULES: readonly Rule[] = [unknown, misplaced, newer, wrongValue, zeroThreads, keyLog, dead];
