import { describe, expect, test } from 'vitest';
import { parseExtraVars } from '../../src/config/extra-vars.ts';
import { renderProblems } from '../../src/config/problems.ts';
import { folderWith } from './temp.ts';

async function read(args: readonly string[], cwd = '/'): Promise<unknown> {
  const result = await parseExtraVars(args, cwd);
  return result.ok ? Object.fromEntries(result.vars) : renderProblems(result.problems);
}

describe('parseExtraVars', () => {
  test.each([
    ['a=1', 1],
    ['a=-1.5', -1.5],
    ['a=true', true],
    ['a=null', null],
    ['a=~', null],
    ['a=', ''],
    ['a=yes', 'yes'],
    ['a=text', 'text'],
    ['a=two words', 'two words'],
    ['a="1"', '1'],
    ["a='x'", 'x'],
    ['a=[1, two]', [1, 'two']],
    ['a={b: [c]}', { b: ['c'] }],
    ['a=b=c', 'b=c'],
    ['a=b: c', 'b: c'],
    ['a=#1', '#1'],
    ['a=x # y', 'x # y'],
    ['a=*x', '*x'],
    ['a=!secret x', '!secret x'],
    ['a=- x', '- x'],
    ['a=0644', '0644'],
    ['a=@x', '@x'],
    ['a= x', ' x'],
    ['a=$(id)', '$(id)'],
    ['a=12345678901234567890', '12345678901234567890'],
  ])('%s', async (arg, value) => {
    expect(await read([arg])).toEqual({ a: value });
  });

  test('later ones win', async () => {
    expect(await read(['a=1', 'b=2', 'a=3'])).toEqual({ a: 3, b: 2 });
    expect(await read([])).toEqual({});
  });

  test('all that is wrong is told at once', async () => {
    expect(
      await read(['novalue', '1a=x', '__proto__=x', 'a=[1', 'b="x']),
    ).toBe(`error PD2244: "novalue" is not a variable
  write -e name=value or -e @file.yaml
error PD2244: "1a" is not a name for a variable
error PD2244: "__proto__" is not a name for a variable
error PD2244: the value of a is not valid YAML
  put text in quotes
error PD2244: the value of b is not valid YAML
  put text in quotes
5 problems. Nothing was contacted.
`);
  });

  test('a file, relative to where the command runs, in its place among the others', async () => {
    await using dir = await folderWith({ 'x.yaml': 'a: 1\nb: { c: [d] }\n', 'empty.yaml': '' });
    expect(await read(['b=0', '@x.yaml', 'a=2', '@empty.yaml'], dir.path)).toEqual({ a: 2, b: { c: ['d'] } });
  });

  test('what is wrong with a file has its position', async () => {
    await using dir = await folderWith({ 'x.yaml': 'a: 1\n1b: 2\n', 'list.yaml': '- a\n' });
    const text = await read(['@x.yaml', '@list.yaml', '@none.yaml'], dir.path);
    expect(text).toBe(`error PD2017: "1b" is not a name for a variable
  x.yaml:2:1  1b
    2 | 1b: 2
      | ^^ letters, digits, dots, dashes and _, beginning with a letter or _
error PD2015: a file of variables must be a mapping, not a list
  list.yaml:1:1
    1 | - a
      | ^^^
error PD2001: none.yaml cannot be read: there is no such file
3 problems. Nothing was contacted.
`);
  });
});
