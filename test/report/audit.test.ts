import { expect, test } from 'vitest';
import { auditText } from '../../src/report/audit.ts';

const HOST = { host: 'edge-01', compared: 2, others: 0, problems: [], unreachable: '' };

test('an audit in which all is well', () => {
  expect(
    auditText({ chain: { events: 1, head: 'ab'.repeat(32), problems: [] }, hosts: [{ ...HOST, others: 3 }] }),
  ).toEqual([
    '✔ 1 event, an unbroken chain, head abababababab',
    '✔ edge-01: 2 anchors as in this record, 3 anchors of other records',
  ]);
});

test('an audit that found something, and a host that could not be asked', () => {
  const problems = [
    { n: 4, deployment: 'd-1', what: 'its text was changed after it was written' },
    { n: 9, deployment: '', what: 'the last 2 events are missing' },
  ];
  const hosts = [
    { ...HOST, problems: ['event 9, which it keeps since d-1, is missing in this record'] },
    { ...HOST, host: 'edge-02', compared: 0, unreachable: 'connection refused' },
  ];
  expect(auditText({ chain: { events: 7, head: '', problems }, hosts })).toEqual([
    '✖ event 4 of d-1: its text was changed after it was written',
    '✖ event 9: the last 2 events are missing',
    '✖ edge-01: event 9, which it keeps since d-1, is missing in this record',
    '? edge-02: connection refused',
  ]);
});
